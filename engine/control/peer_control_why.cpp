// peer_control: what holds downloads up, and the dump for maintainers.

#include <algorithm>

#include "control/make_dump.hpp"
#include "control/make_rows.hpp"
#include "control/peer_control.hpp"
#include "control/share_here.hpp"
#include "control/waits.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

rows::why why_of(const share_here& found) {
  if (found.running) return why_row(*found.running);
  rows::why row{.id = found.id.hex(), .name = found.name};
  if (found.paused != nullptr) {
    row.phase = "cancelled";
    row.cause = "cancelled";
    row.text = "it was cancelled, and goes on when it is downloaded again";
  } else if (found.missing != nullptr) {
    row.phase = "failed";
    row.cause = "failed";
    row.text = found.missing->why.text;
  }
  return row;
}

}  // namespace

peer_control::answer<std::vector<rows::why>> peer_control::why(requests::why wanted, caller& by) {
  std::vector<rows::why> told;
  co_await wait_for_record(node_, wanted.what, by);
  if (wanted.what) {
    const auto found = find_share_here(node_, wanted.what);
    if (!found) co_return found.error();
    told.push_back(why_of(*found));
    co_return told;
  }
  for (const auto& [id, one] : node_.library().hosted().all()) {
    if (!one->content().complete() && one->downloading() != nullptr) told.push_back(why_row(*one));
  }
  std::ranges::sort(told, {}, &rows::why::name);
  co_return told;
}

peer_control::answer<rows::dump> peer_control::dump(requests::dump wanted, caller& by) {
  co_await wait_for_record(node_, std::nullopt, by);
  co_return dump_of(node_, wanted.names);
}

}  // namespace shoal
