#include "directory/announcements.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

namespace {

// At 10 KB/s these take some seconds.
constexpr std::size_t offers_per_message = 100;

// Takes up to `count` ids out of the set.
std::vector<share_id> take(std::unordered_set<share_id>& from, std::size_t count) {
  std::vector<share_id> taken;
  while (!from.empty() && taken.size() < count) {
    taken.push_back(*from.begin());
    from.erase(from.begin());
  }
  return taken;
}

bool readable(std::vector<tracking::hashing_row> rows) {
  return tracking::decode_peer_message(tracking::encode(tracking::hashing{std::move(rows)})).has_value();
}

}  // namespace

result<void> announcements::on_publish(tracking::share_offer offer) {
  offer.have = std::min(offer.have, offer.bytes);
  // One row that the tracker refuses would end the session again and again.
  const auto readable = tracking::decode_peer_message(tracking::encode(tracking::publish{{offer}}));
  if (!readable) {
    return error{errc::malformed, "share " + offer.id.hex().substr(0, 12) +
                                      " cannot be listed, give it another name: " + readable.error().text};
  }
  const share_id id = offer.id;
  offers_[id].offer = std::move(offer);
  unsaid_offers_.insert(id);
  unsaid_withdrawals_.erase(id);
  unsaid_progress_.erase(id);
  return {};
}

void announcements::on_withdraw(const share_id& id) {
  if (offers_.erase(id) == 0) return;
  unsaid_offers_.erase(id);
  unsaid_progress_.erase(id);
  unsaid_withdrawals_.insert(id);
}

void announcements::on_progress(const share_id& id, std::uint64_t have) {
  const auto found = offers_.find(id);
  if (found == offers_.end()) return;
  offer_state& state = found->second;
  const std::uint64_t capped = std::min(have, state.offer.bytes);
  if (state.offer.have == capped) return;
  state.offer.have = capped;
  if (capped == state.offer.bytes) state.progress_at = time_point::min();
  if (!unsaid_offers_.contains(id)) unsaid_progress_.insert(id);
}

void announcements::on_hashing(std::vector<tracking::hashing_row> rows) {
  if (!readable(rows)) std::erase_if(rows, [](const tracking::hashing_row& row) { return !readable({row}); });
  if (rows == hashing_) return;
  hashing_ = std::move(rows);
  unsaid_hashing_ = true;
}

void announcements::on_watch(const share_id& id) {
  if (!watches_.insert(id).second) return;
  // Said again even if the tracker still watches: the first answer is then the complete swarm.
  unsaid_watches_.insert(id);
  unsaid_unwatches_.erase(id);
}

void announcements::on_unwatch(const share_id& id) {
  if (watches_.erase(id) == 0) return;
  unsaid_watches_.erase(id);
  unsaid_unreached_.erase(id);
  unsaid_unwatches_.insert(id);
}

void announcements::on_unreached(const share_id& id, std::vector<peer_id> peers) {
  if (!watches_.contains(id)) return;
  peers.resize(std::min(peers.size(), tracking::unreached_peers_max));
  unsaid_unreached_[id] = std::move(peers);
}

void announcements::on_connected() {
  unsaid_withdrawals_.clear();
  unsaid_unwatches_.clear();
  unsaid_progress_.clear();
  for (const auto& [id, state] : offers_) unsaid_offers_.insert(id);
  unsaid_watches_ = watches_;
  unsaid_hashing_ = !hashing_.empty();
  unsaid_unreached_.clear();
  unsaid_page_.reset();
}

std::optional<tracking::peer_message> announcements::next_message(time_point now) {
  if (!unsaid_withdrawals_.empty()) {
    return tracking::withdraw{take(unsaid_withdrawals_, tracking::shares_per_message_max)};
  }
  if (unsaid_page_) return std::exchange(unsaid_page_, std::nullopt);
  if (!unsaid_unwatches_.empty()) return tracking::unwatch{take(unsaid_unwatches_, 1).front()};
  if (!unsaid_watches_.empty()) return tracking::watch{take(unsaid_watches_, 1).front()};
  if (!unsaid_unreached_.empty()) {
    auto first = unsaid_unreached_.extract(unsaid_unreached_.begin());
    return tracking::unreached{first.key(), std::move(first.mapped())};
  }
  if (!unsaid_offers_.empty()) {
    // At most 800 bytes a row (name_bytes_max, escaped). Signs of life go out between two messages, so one message is
    // no longer than a slow uplink carries in a moment.
    tracking::publish publish;
    for (const share_id& id : take(unsaid_offers_, offers_per_message)) {
      offer_state& state = offers_.at(id);
      state.progress_at = now + have_interval;
      publish.shares.push_back(state.offer);
    }
    return publish;
  }
  // After the offers: a command that waits for a share then finds it when nobody hashes it any more.
  if (std::exchange(unsaid_hashing_, false)) return tracking::hashing{hashing_};
  for (const share_id& id : unsaid_progress_) {
    offer_state& state = offers_.at(id);
    if (state.progress_at > now) continue;
    state.progress_at = now + have_interval;
    tracking::progress progress{id, state.offer.have};
    unsaid_progress_.erase(progress.id);
    return progress;
  }
  return std::nullopt;
}

time_point announcements::next_deadline() const {
  if (!unsaid_withdrawals_.empty() || !unsaid_unwatches_.empty() || !unsaid_watches_.empty() ||
      !unsaid_unreached_.empty() || !unsaid_offers_.empty() || unsaid_hashing_ || unsaid_page_) {
    return time_point::min();
  }
  time_point first = never;
  for (const share_id& id : unsaid_progress_) first = std::min(first, offers_.at(id).progress_at);
  return first;
}

void announcements::check_invariants() const {
  for (const share_id& id : unsaid_offers_) SHOAL_ASSERT(offers_.contains(id));
  for (const share_id& id : unsaid_progress_) {
    SHOAL_ASSERT(offers_.contains(id) && !unsaid_offers_.contains(id));
  }
  for (const share_id& id : unsaid_withdrawals_) SHOAL_ASSERT(!offers_.contains(id));
  for (const share_id& id : unsaid_watches_) SHOAL_ASSERT(watches_.contains(id));
  for (const auto& [id, peers] : unsaid_unreached_) SHOAL_ASSERT(watches_.contains(id));
  for (const share_id& id : unsaid_unwatches_) SHOAL_ASSERT(!watches_.contains(id));
}

}  // namespace shoal
