#include "control/requests.hpp"

#include "store/printable.hpp"

namespace shoal::requests {

error missing(std::string_view name) {
  return {errc::usage, "parameter '" + std::string(name) + "' is missing: see docs/CONTROL.md"};
}

result<void> check_path(std::string_view name, const std::string& path) {
  if (path.starts_with('/')) return {};
  return error{errc::usage, "parameter '" + std::string(name) + "': '" + printable(path) + "' is no absolute path"};
}

}  // namespace shoal::requests
