#include "peer/session/end_reason.hpp"

namespace shoal {

std::string_view name_of(end_reason reason) {
  switch (reason) {
    case end_reason::closed_by_peer:
      return "closed_by_peer";
    case end_reason::protocol:
      return "protocol";
    case end_reason::no_memory:
      return "no_memory";
    case end_reason::idle:
      return "idle";
    case end_reason::duplicate:
      return "duplicate";
    case end_reason::replaced:
      return "replaced";
    case end_reason::gave_way:
      return "gave_way";
    case end_reason::both_complete:
      return "both_complete";
    case end_reason::banned:
      return "banned";
    case end_reason::share_removed:
      return "share_removed";
    case end_reason::withdrawn:
      return "withdrawn";
    case end_reason::key_withdrawn:
      return "key_withdrawn";
    case end_reason::stopping:
      return "stopping";
  }
  return "unknown";
}

}  // namespace shoal
