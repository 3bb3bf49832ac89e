// The peers known for one share: whom to dial next, when to try again, who is banned.
//
// Addresses come from the tracker, the user and magnet links. A dial that fails is repeated with exponential back-off
// for as long as the address is known. Those that are due are dialled in an order of the seed's: where a swarm is
// larger than what one peer connects to, its graph is random, and no peer is everybody's neighbour. In a small one
// those that hold everything come first: in a crowd of slow leechers most of what there is comes from them. Pure; owned
// by peer/share/share.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

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
/// In a swarm that is no larger than small_swarm_max, a downloader that has fewer sessions than seeders_first_max with
/// peers that hold everything dials such ones first. In a larger one enough others find them by chance to keep them
/// busy, and a simulated crowd of 300 that all find the one seeder takes 5 % longer.
inline constexpr std::size_t small_swarm_max = 64;
inline constexpr std::size_t seeders_first_max = 8;
inline constexpr duration dial_backoff_min = std::chrono::milliseconds(500);
inline constexpr duration dial_backoff_max = std::chrono::seconds(15);
/// However often somebody says that an address is there, it is not dialled sooner than this after the last dial.
inline constexpr duration dial_interval_min = std::chrono::seconds(1);

/// Sessions with which a downloader dials no more peers of a share.
struct dial_limits {
  std::uint32_t sources_max = 64;
  /// Of them with peers that do not hold everything: each says what it verifies to all, and a crowd is no faster when
  /// everybody hears more of it.
  std::uint32_t crowd_max = 32;
};
/// After so much silence nobody here has what is missing. Somebody who comes later may: the limits do not count then.
inline constexpr duration starved_after = std::chrono::seconds(5);

/// What a downloader has.
struct sessions_held {
  std::size_t all = 0;
  std::size_t seeders = 0;  ///< of them with peers that hold everything
  duration silence{};       ///< nothing has arrived for so long
};

class peer_book {
 public:
  explicit peer_book(std::uint64_t seed, const dial_limits& limits = {}) : limits_(limits), random_(seed) {}

  /// An address became known; `peer` if the tracker said who it is, `seeder` if it said that it holds everything. Known
  /// ones are dialled again at once.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder, time_point now);
  /// The tracker says that the peer left: it is not dialled again. A session with it may go on.
  void on_left(const peer_id& peer);
  /// next_dial() gave the address and the dial or the handshake failed. The back-off counts from the dial's begin: one
  /// that took long is repeated at once, since the way may have been free for a while.
  void on_dial_failed(const peer_address& where);
  /// A session to the address stands; it is not dialled until on_disconnected.
  void on_connected(const peer_address& where);
  /// `again`: worth another dial (after a back-off).
  void on_disconnected(const peer_address& where, bool again, time_point now);
  /// There may be a way now to those who could not be reached: they are dialled as if they had just become known.
  void on_new_way(time_point now);
  /// The peer at the address has nothing for us, as it says: it is dialled after the longest pause.
  void on_refused(const peer_address& where, time_point now);
  void on_banned(const peer_id& peer);

  /// More peers may be dialled, as far as the limits say.
  bool has_room(const sessions_held& have) const;
  /// An address to dial now, which counts as being dialled from then on. Nothing without room.
  std::optional<peer_address> next_dial(const sessions_held& have, time_point now);
  /// `now` or earlier if one is due; never while all dials_max are under way.
  time_point next_deadline() const;
  /// Known peers whose last dial failed, at most `count` of them, others each time.
  std::vector<peer_id> unreached(std::size_t count);
  bool banned(const peer_id& peer) const { return banned_.contains(peer); }
  std::size_t banned_count() const { return banned_.size(); }
  std::size_t size() const { return entries_.size(); }

  void check_invariants() const;

 private:
  enum class condition : std::uint8_t { idle, dialling, connected };
  struct entry {
    std::optional<peer_id> peer;
    bool seeder = false;
    condition state = condition::idle;
    std::uint64_t order = 0;  ///< among those that are due
    time_point dialled{};     ///< when last
    time_point next_try{};    ///< of idle ones; in due once it has come, until then in later_
    duration backoff = dial_backoff_min;
    bool left = false;
    bool failed = false;  ///< the last dial
  };
  using place = std::map<peer_address, entry>::iterator;
  using due = std::set<std::pair<std::uint64_t, peer_address>>;  ///< by entry::order
  due& due_of(const entry& known) { return known.seeder ? due_seeders_ : due_others_; }
  void schedule(place at, time_point when);
  void unschedule(place at);
  /// Idle from now on, and dialled again when its back-off has passed since then.
  void rest(place at, time_point since);
  void retire(place at);
  time_point earliest_dial(const peer_address& where, time_point now) const;
  void remember_dial(const peer_address& where, time_point now);

  dial_limits limits_;
  std::map<peer_address, entry> entries_;
  due due_seeders_;
  due due_others_;
  std::set<std::pair<time_point, peer_address>> later_;
  std::mt19937_64 random_;
  std::set<peer_id> banned_;
  std::map<peer_address, time_point> recent_;  ///< dials of the last dial_interval_min, or of somewhat longer
  time_point forgotten_at_{};                  ///< when older ones were last taken out
  std::size_t dialling_ = 0;
};

}  // namespace shoal
