#include "directory/id_owners.hpp"

#include "core/assert.hpp"

namespace shoal {

namespace {

// In a time that does not tell how much of it is right.
bool same(const tracking::join_token& one, const tracking::join_token& other) {
  std::uint8_t differs = 0;
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < one.bytes.size(); ++i) {
    differs |= static_cast<std::uint8_t>(one.bytes[i] ^ other.bytes[i]);
    any |= one.bytes[i];
  }
  return differs == 0 && any != 0;
}

}  // namespace

id_owners::relation id_owners::relation_of(const peer_id& peer, const tracking::join_token& token,
                                           const std::string& address, time_point now) const {
  const auto found = owners_.find(peer);
  if (found == owners_.end()) return relation::vacant;
  const owner& known = found->second;
  const bool here = known.left_at == never;
  if (!here && now >= known.left_at + kept_for) return relation::vacant;
  if (same(token, known.token) || same(token, known.earlier)) return relation::owner;
  return here && known.address == address ? relation::asks : relation::other;
}

void id_owners::on_join(const peer_id& peer, const tracking::join_token& token, const std::string& address,
                        time_point now) {
  forget(now);
  owner& known = owners_[peer];
  if (known.left_at != never) {
    if (const auto at = kept_at_.find(known.address); --at->second == 0) kept_at_.erase(at);
  }
  const bool takes_over = known.token != tracking::join_token{} && !same(token, known.token);
  if (takes_over && same(token, known.earlier)) {
    known.earlier = {};
  } else if (takes_over && known.earlier == tracking::join_token{}) {
    known.earlier = known.token;
  }
  known.token = token;
  known.address = address;
  known.left_at = never;
}

void id_owners::on_leave(const peer_id& peer, time_point now) {
  forget(now);
  const auto found = owners_.find(peer);
  owner& known = found->second;
  // A crowd behind one address takes no room from others.
  const auto at = kept_at_.find(known.address);
  const bool room = at == kept_at_.end() || at->second < kept_per_address_max;
  if (known.token == tracking::join_token{} || !room) {
    owners_.erase(found);
    return;
  }
  ++kept_at_[known.address];
  known.left_at = now;
  left_.emplace_back(now, peer);
  while (left_.size() > kept_max) forget_one();
}

void id_owners::forget(time_point now) {
  while (!left_.empty() && now >= left_.front().first + kept_for) forget_one();
}

void id_owners::forget_one() {
  const auto [when, peer] = left_.front();
  left_.pop_front();
  const auto found = owners_.find(peer);
  if (found == owners_.end() || found->second.left_at != when) return;
  if (const auto at = kept_at_.find(found->second.address); --at->second == 0) kept_at_.erase(at);
  owners_.erase(found);
}

error id_owners::refusal(const peer_id& peer) {
  return {errc::conflict, "peer id " + peer.hex() +
                              " belongs to another peer, which keeps its place here; a peer that starts anew gets an "
                              "id of its own"};
}

void id_owners::check_invariants() const {
  std::unordered_map<std::string, std::uint32_t> kept;
  for (const auto& [peer, known] : owners_) {
    if (known.left_at != never) ++kept[known.address];
  }
  SHOAL_ASSERT(kept == kept_at_);
  SHOAL_ASSERT(left_.size() <= kept_max);
}

}  // namespace shoal
