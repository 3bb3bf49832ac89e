// peer_control: how fast the peer and its shares may send and receive.

#include "control/peer_control.hpp"
#include "control/share_here.hpp"
#include "control/waits.hpp"
#include "control/wanted_limits.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

std::string name_of_share(const library& library, const share_id& id) {
  if (const auto running = library.hosted().find(id)) return running->name();
  if (const auto* gone = library.missing().find(id)) return gone->info->name();
  if (const auto* paused = library.downloads().paused(id)) return paused->row.name;
  return "";
}

rows::share_limits limits_row(const library& library, const share_id& id) {
  const rate_limits limits = library.limits().of(id);
  return {.id = id.hex(), .name = name_of_share(library, id), .up = limits.up, .down = limits.down};
}

}  // namespace

peer_control::answer<rows::limits> peer_control::limit(requests::limit wanted, caller& by) {
  library& library = node_.library();
  const auto limits = parse_limits(wanted.up, wanted.down);
  if (!limits) co_return limits.error();
  std::vector<share_id> shown;
  if (wanted.what) {
    co_await wait_for_record(node_, wanted.what, by);
    const auto found = find_share_here(node_, wanted.what);
    if (!found) co_return found.error();
    const share_id id = found->id;
    const rate_limits now = limits->over(library.limits().of(id));
    const auto set = co_await library.limit(id, now);
    if (!set) co_return set.error();
    shown.push_back(id);
  } else {
    if (limits->any()) library.limit_all(limits->over(library.limits_of_all()));
    co_await wait_for_record(node_, std::nullopt, by);
    for (const auto& [id, one] : library.limits().all()) shown.push_back(id);
  }
  rows::limits row{.up = library.limits_of_all().up, .down = library.limits_of_all().down};
  for (const share_id& id : shown) row.shares.push_back(limits_row(library, id));
  co_return row;
}

}  // namespace shoal
