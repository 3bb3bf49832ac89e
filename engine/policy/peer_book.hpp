// The peers known for one share: whom to dial next, when to try again, who is banned.
//
// Addresses come from the tracker, the user and magnet links. A dial that fails is repeated with exponential back-off
// for as long as the address is known. Those that are due are dialled in an order of the seed's: where a swarm is
// larger than what one peer connects to, its graph is random, and no peer is everybody's neighbour. Pure; owned by
// peer/share.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

/// Where a peer listens, numeric: "192.0.2.1" or "2001:db8::1".
struct peer_address {
  std::string address;
  std::uint16_t port = 0;
  friend auto operator<=>(const peer_address&, const peer_address&) = default;
};

/// Addresses remembered for one share; bounds what a tracker can make us hold.
inline constexpr std::size_t book_addresses_max = 10'000;
/// Dials under way at the same time for one share.
inline constexpr std::size_t dials_max = 16;
inline constexpr duration dial_backoff_min = std::chrono::milliseconds(500);
inline constexpr duration dial_backoff_max = std::chrono::seconds(15);

class peer_book {
 public:
  explicit peer_book(std::uint64_t seed) : random_(seed) {}

  /// An address became known; `peer` if the tracker said who it is. Known ones are dialled again at once.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, time_point now);
  /// The tracker says that the peer left: it is not dialled again. A session with it may go on.
  void on_left(const peer_id& peer);
  /// next_dial() gave the address and the dial or the handshake failed.
  void on_dial_failed(const peer_address& where, time_point now);
  /// A session to the address stands; it is not dialled until on_disconnected.
  void on_connected(const peer_address& where);
  /// `again`: worth another dial (after a back-off).
  void on_disconnected(const peer_address& where, bool again, time_point now);
  void on_banned(const peer_id& peer);

  /// An address to dial now, which counts as being dialled from then on.
  std::optional<peer_address> next_dial(time_point now);
  /// `now` or earlier if one is due; never while all dials_max are under way.
  time_point next_deadline() const;
  bool banned(const peer_id& peer) const { return banned_.contains(peer); }
  std::size_t size() const { return entries_.size(); }

  void check_invariants() const;

 private:
  enum class condition : std::uint8_t { idle, dialling, connected };
  struct entry {
    std::optional<peer_id> peer;
    condition state = condition::idle;
    std::uint64_t order = 0;  ///< among those that are due
    time_point next_try{};    ///< of idle ones; in due_ once it has come, until then in later_
    duration backoff = dial_backoff_min;
    bool left = false;
  };
  using place = std::map<peer_address, entry>::iterator;
  void schedule(place at, time_point when);
  void unschedule(place at);
  /// Idle from now on, and dialled again after its back-off.
  void rest(place at, time_point now);
  void retire(place at);

  std::map<peer_address, entry> entries_;
  std::set<std::pair<std::uint64_t, peer_address>> due_;
  std::set<std::pair<time_point, peer_address>> later_;
  std::mt19937_64 random_;
  std::set<peer_id> banned_;
  std::size_t dialling_ = 0;
};

}  // namespace shoal
