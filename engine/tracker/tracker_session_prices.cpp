// tracker_session: what a message costs.

#include <algorithm>

#include "tracker/tracker_session.hpp"
#include "tracker/tracking_prices.hpp"

namespace shoal {

work_price tracker_session::price_of(const tracking::peer_message& message, std::size_t bytes) const {
  const auto times = [](work_price each, std::size_t count) { return each * static_cast<work_price>(count); };
  const auto listed = [&](std::size_t rows) {
    const work_price kib = times(tracking_prices::told_kib, bytes) / static_cast<work_price>(KiB);
    return times(tracking_prices::row, rows) + times(kib, registry_.peer_count());
  };
  const auto all = [&] {
    if (const auto* said = std::get_if<tracking::publish>(&message)) {
      const auto has_signature = [](const auto& one) { return one.publication.of_signature != standing::none; };
      const auto count = std::ranges::count_if(said->shares, has_signature);
      return listed(said->shares.size()) + tracking_prices::signature * count;
    }
    if (const auto* said = std::get_if<tracking::hashing>(&message)) return listed(said->shares.size());
    if (const auto* said = std::get_if<tracking::withdraw>(&message)) return listed(said->ids.size());
    if (std::holds_alternative<tracking::progress>(message)) return listed(1);
    if (const auto* said = std::get_if<tracking::watch>(&message)) {
      return times(tracking_prices::holder, registry_.told_of(said->id));
    }
    if (const auto* said = std::get_if<tracking::unreached>(&message)) {
      return times(tracking_prices::holder, registry_.told_of(said->id));
    }
    return work_price{0};
  };
  // Few bytes ask for all that there is, so this is never free.
  const bool asks_again = std::holds_alternative<tracking::resync>(message) && in_registry_;
  if (asks_again || (std::holds_alternative<tracking::look>(message) && !join_received_)) {
    const std::size_t rows = registry_.peer_count() + registry_.share_count();
    return std::min(times(tracking_prices::listed, rows), tracking_prices::message_max);
  }
  if (std::holds_alternative<tracking::list_peers>(message)) {
    return times(tracking_prices::listed, std::min(registry_.peer_count(), tracking::peers_per_page_max));
  }
  return pays_ ? std::min(all(), tracking_prices::message_max) : 0;
}

}  // namespace shoal
