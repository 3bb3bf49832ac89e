// peer_control: which pieces are where, and who sends to whom.

#include <utility>

#include "control/make_flows.hpp"
#include "control/peer_control.hpp"
#include "control/share_here.hpp"
#include "control/waits.hpp"
#include "net/offload.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

peer_control::answer<rows::piece_map> peer_control::pieces(requests::one wanted, caller& by) {
  co_await wait_for_record(node_, wanted.what, by);
  const auto found = find_share_here(node_, wanted.what);
  if (!found) co_return found.error();
  const auto running = found->running;
  if (!running) {
    co_return error{errc::not_found,
                    "'" + found->name + "' is not served or downloaded now, so its pieces are unknown"};
  }
  if (!running->content().info()) {
    co_return error{errc::not_found, "'" + found->name + "' is not known well enough yet: wait for its metadata"};
  }
  if (by.pay) co_await by.pay(map_bytes_of(*running));
  if (by.gone()) co_return nobody_waits();
  auto make = [held = pieces_of(node_, *running)]() mutable { return with_maps(std::move(held)); };
  co_return co_await offload(node_.context().workers, std::move(make));
}

peer_control::answer<std::vector<rows::flow>> peer_control::flows(requests::none /*none*/, caller& /*by*/) {
  co_return flows_of(node_);
}

}  // namespace shoal
