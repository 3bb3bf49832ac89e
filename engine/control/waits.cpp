#include "control/waits.hpp"

#include <algorithm>

#include "net/endpoint.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// How long a word waits, when the peer has only just started, for the first snapshot of a tracker or for the record.
constexpr auto first_wait = std::chrono::seconds(5);
// How long a list waits for signatures: some 20,000 of them are checked in this time.
constexpr auto signatures_wait = std::chrono::seconds(2);
// How long an added share waits to be listed: several batches of a tracker of a large swarm.
constexpr auto listed_wait = std::chrono::seconds(2);
// How soon a wait ends after the caller is gone.
constexpr duration gone_check_interval = std::chrono::milliseconds(100);

}  // namespace

bool refused_for_good(const peer_node& node) {
  const auto& trackers = node.discovery().trackers();
  const auto refuses = [](const auto& one) { return one->state().helps != remedy::none; };
  return !trackers.empty() && std::ranges::all_of(trackers, refuses);
}

awaitable<void> wait_for_change(peer_node& node, time_point give_up) {
  co_await node.changes().wait_until(std::min(clock::now() + gone_check_interval, give_up));
}

// A peer that has only just started has no catalogue yet; asking it then must not look like an empty swarm.
awaitable<void> wait_for_catalogue(peer_node& node, const caller& by) {
  const auto give_up = clock::now() + first_wait;
  while (!node.discovery().ready() && !refused_for_good(node) && !by.gone() && clock::now() < give_up) {
    co_await wait_for_change(node, give_up);
  }
}

awaitable<void> wait_for_signatures(peer_node& node, const caller& by) {
  const auto give_up = clock::now() + signatures_wait;
  while (!node.discovery().signatures_checked() && !by.gone() && clock::now() < give_up) {
    co_await wait_for_change(node, give_up);
  }
}

awaitable<void> wait_for_record(peer_node& node, const std::optional<std::string>& what, const caller& by) {
  const auto give_up = clock::now() + first_wait;
  const auto unknown = [&] { return !what || !node.library().index().find_here(*what); };
  while (!node.library().record_read() && unknown() && !by.gone() && clock::now() < give_up) {
    co_await wait_for_change(node, give_up);
  }
}

awaitable<void> wait_until_listed(peer_node& node, const std::vector<share_id>& ids, const caller& by) {
  const discovery& swarm = node.discovery();
  const auto is_listed = [&swarm](const share_id& id) {
    if (!swarm.offers(id)) return true;
    for (std::size_t i = 0; i < swarm.trackers().size(); ++i) {
      if (swarm.trackers()[i]->state().connected && !swarm.swarm().lists(i, id)) return false;
    }
    return true;
  };
  const auto give_up = clock::now() + listed_wait;
  while (!std::ranges::all_of(ids, is_listed) && !by.gone() && clock::now() < give_up) {
    co_await wait_for_change(node, give_up);
  }
}

error without_tracker(const peer_node& node) {
  const auto& tracker = *node.discovery().trackers().front();
  const std::string name = "tracker " + to_text(tracker.where());
  const std::uint32_t tries = tracker.state().attempts;
  if (tries == 0) {
    return {errc::timed_out, name + " has not answered within " +
                                 std::to_string(std::chrono::seconds(first_wait).count()) +
                                 " seconds: is it stopped, or very busy?"};
  }
  const tracker_state state = tracker.state();
  // More tries change nothing.
  if (state.helps != remedy::none) return {state.why, state.reason, state.helps};
  return {errc::unreachable, name + " cannot be reached after " + std::to_string(tries) +
                                 (tries == 1 ? " try: " : " tries: ") + tracker.state().reason};
}

error nobody_waits() {
  return {errc::cancelled, "nobody waits for it any more"};
}

}  // namespace shoal
