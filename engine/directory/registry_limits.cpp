// registry: bounds of what it lists, so that a snapshot of it fits a message, and nobody takes all of it.
//
// A share's row is charged to the address of one of its holders. When that address holds it no more, another pays.

#include "core/human_bytes.hpp"
#include "directory/registry.hpp"

namespace shoal {

result<void> registry::check_room(const std::string& what, const std::string& address, std::size_t bytes) const {
  if (bytes_ + bytes > limits_.bytes_max) {
    return error{errc::limit, what + ": this tracker lists " + human_bytes(limits_.bytes_max) + " of peers and shares"};
  }
  const auto at = addresses_.find(address);
  const std::size_t used = at == addresses_.end() ? 0 : at->second.bytes;
  if (used + bytes > limits_.bytes_per_address_max) {
    return error{errc::limit, what + ": this tracker lists " + human_bytes(limits_.bytes_per_address_max) +
                                  " of peers and shares from one address"};
  }
  return {};
}

result<void> registry::check_offer(const session_state& state, const tracking::share_offer& offer) const {
  if (state.shares.contains(offer.id)) return {};
  const std::string what = "'" + offer.name + "' is not listed";
  const auto takes = [&what](std::size_t count, const std::string& of_whom) {
    return error{errc::limit, what + ": this tracker takes " + std::to_string(count) + " shares" + of_whom +
                                  "; share folders instead of single files"};
  };
  if (state.shares.size() >= limits_.shares_per_peer_max) return takes(limits_.shares_per_peer_max, " of one peer");
  if (state.at->second.offers >= limits_.offers_per_address_max) {
    return takes(limits_.offers_per_address_max, " of one address");
  }
  const auto known = shares_.find(offer.id);
  if (known != shares_.end() && !known->second.holders.empty()) return {};
  if (shares_held_ >= limits_.shares_max) return takes(limits_.shares_max, "");
  tracking::share_row row;
  row.name = offer.name;
  return check_room(what, state.at->first, tracking::encoded_bytes_max(row));
}

void registry::charge(share_state& share, address_state* payer) {
  if (share.payer != nullptr) {
    share.payer->bytes -= share.charged;
    bytes_ -= share.charged;
    --shares_held_;
  }
  share.payer = payer;
  share.charged = 0;
  if (payer == nullptr) return;
  share.charged = tracking::encoded_bytes_max(share.row);
  payer->bytes += share.charged;
  bytes_ += share.charged;
  ++shares_held_;
}

void registry::charge_absent(share_state& share) {
  const bool absent = share.holders.empty() && !share.watchers.empty();
  address_state* asker = absent ? &sessions_.at(*share.watchers.begin()).at->second : nullptr;
  if (asker == share.asker) return;
  if (share.asker != nullptr) --share.asker->absent;
  if (asker != nullptr) ++asker->absent;
  share.asker = asker;
}

result<void> registry::check_watch(const session_state& state, const share_id& id) const {
  if (state.watches.contains(id)) return {};
  const auto takes = [&id](std::size_t count, const std::string& what) {
    return error{errc::limit, "share " + id.hex() + " is not watched: this tracker takes " + std::to_string(count) +
                                  " watches of one " + what};
  };
  const address_state& all = state.at->second;
  if (state.watches.size() >= limits_.watches_per_peer_max) return takes(limits_.watches_per_peer_max, "peer");
  if (all.watches >= limits_.watches_per_address_max) return takes(limits_.watches_per_address_max, "address");
  if (all.absent < limits_.absent_per_address_max || shares_.contains(id)) return {};
  return takes(limits_.absent_per_address_max, "address for shares that nobody holds");
}

void registry::charge(session_state& state) {
  state.charged = tracking::encoded_bytes_max(state.row);
  state.at->second.bytes += state.charged;
  bytes_ += state.charged;
}

void registry::release(session_state& state) {
  state.at->second.bytes -= state.charged;
  bytes_ -= state.charged;
  state.charged = 0;
}

}  // namespace shoal
