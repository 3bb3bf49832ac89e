#include "control/requests.hpp"

#include "store/printable.hpp"

namespace shoal::requests {

error missing(std::string_view name) {
  return {errc::usage, "parameter '" + std::string(name) + "' is missing: see docs/CONTROL.md"};
}

result<void> check_paths(std::string_view name, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path.starts_with('/')) continue;
    return error{errc::usage, "parameter '" + std::string(name) + "': '" + printable(path) + "' is no absolute path"};
  }
  return {};
}

}  // namespace shoal::requests
