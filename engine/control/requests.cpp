#include "control/requests.hpp"

namespace shoal::requests {

error missing(std::string_view name) {
  return {errc::usage, "parameter '" + std::string(name) + "' is missing: see docs/CONTROL.md"};
}

}  // namespace shoal::requests
