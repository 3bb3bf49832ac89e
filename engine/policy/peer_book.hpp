// The peers known for one share: whom to dial next, when to dial again, who is banned.
//
// Addresses come from the tracker, the user and magnet links. A failed dial is repeated with exponential back-off for
// as long as the address is known.
//
// Addresses that are due are dialled in an order that the seed decides. So in a swarm larger than what one peer
// connects to, the graph is random, and no peer is everybody's neighbour. In a small swarm, peers that hold everything
// are dialled first. In a crowd of slow leechers most of the data comes from these peers.
//
// Pure; owned by peer/share/share.
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
#include "policy/ban.hpp"
#include "policy/dial_history.hpp"

namespace shoal {

/// Where a peer listens, as a numeric address: "192.0.2.1" or "2001:db8::1".
struct peer_address {
  std::string address;
  std::uint16_t port = 0;
  friend auto operator<=>(const peer_address&, const peer_address&) = default;
};

/// Addresses remembered for one share. Bounds what a tracker can make us hold.
inline constexpr std::size_t book_addresses_max = 10'000;
/// Dials under way at the same time for one share.
inline constexpr std::size_t dials_max = 16;
/// A downloader dials peers that hold everything first, while two things are true: it knows at most small_swarm_max
/// addresses, and it has fewer than seeders_first_max sessions with such peers. In a larger swarm enough peers find
/// them by chance to keep them busy. If all peers find the one seeder, a simulated crowd of 300 takes 5 % longer.
inline constexpr std::size_t small_swarm_max = 64;
inline constexpr std::size_t seeders_first_max = 8;
inline constexpr duration dial_backoff_min = std::chrono::milliseconds(500);
inline constexpr duration dial_backoff_max = std::chrono::seconds(15);
/// Dials of an address that a person named, whatever the history of dials says. With their pauses they last half a
/// minute.
inline constexpr std::uint8_t asked_dials = 7;
/// However often somebody names an address, that causes no dial sooner than this after the last dial.
inline constexpr duration dial_interval_min = std::chrono::seconds(1);

/// A downloader with so many sessions for a share dials no more peers. It dials half as many itself, whoever calls: a
/// stranger could call often, send a byte a second, and keep it from all others.
struct dial_limits {
  std::uint32_t sources_max = 64;
  /// Sessions with peers that do not hold everything. Each such peer tells all what it verifies, and a crowd is no
  /// faster when everybody hears more of it.
  std::uint32_t crowd_max = 32;
};
/// After so much silence no connected peer has what is missing. A peer that comes later may have it, so then the limits
/// do not count.
inline constexpr duration starved_after = std::chrono::seconds(5);

/// The sessions that a downloader has.
struct sessions_held {
  std::size_t all = 0;
  std::size_t seeders = 0;  ///< those with peers that hold everything
  duration silence{};       ///< time since anything arrived
  std::size_t called = 0;   ///< those that the other side opened
  std::size_t called_seeders = 0;
};

class peer_book {
 public:
  /// `history`: dials of all books of this process; null for none. It outlives the book.
  explicit peer_book(std::uint64_t seed, const dial_limits& limits = {}, dial_history* history = nullptr)
      : limits_(limits), history_(history), random_(seed) {}

  /// An address became known. `peer`: the tracker said who is there. `seeder`: the tracker said that the peer holds
  /// everything. An address that is known already is dialled again at once. One without a peer comes from a person, by
  /// an option or a link: it is dialled asked_dials times, whatever the history says.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder, time_point now);
  /// The tracker says that the peer left. The peer is not dialled again; a session with it may go on.
  void on_left(const peer_id& peer);
  /// next_dial() returned the address, and the dial or the handshake failed. The back-off counts from the beginning of
  /// the dial. So a dial that took long is repeated at once: the way may have been free for a while.
  void on_dial_failed(const peer_address& where);
  /// A session with the address exists. The address is not dialled until on_disconnected().
  void on_connected(const peer_address& where);
  /// `again`: the address is worth another dial, after a back-off.
  void on_disconnected(const peer_address& where, bool again, time_point now);
  /// The network changed, so peers that could not be reached may be reachable. They are dialled as if they had just
  /// become known.
  void on_new_way(time_point now);
  /// The peer at the address says that it has nothing for us. It is dialled again after dial_backoff_max.
  void on_refused(const peer_address& where, time_point now);
  /// The peer at the address lied: nobody dials it before its ban ends. Its id says nothing: anybody can claim it.
  void on_banned(const peer_address& where, time_point now);

  /// The limits allow another dial.
  bool has_room(const sessions_held& have) const;
  /// Returns an address to dial now, and counts the dial as begun, also in the history: the caller tells the history
  /// what came of it. Nothing if there is no room or no address is due.
  std::optional<peer_address> next_dial(const sessions_held& have, time_point now);
  /// When to call next_dial() again: `now` or earlier if an address is due, never while dials_max dials are under way.
  time_point next_deadline() const;
  /// Known peers whose last dial failed, also that of another download: at most `count`, and others each time.
  std::vector<peer_id> unreached(std::size_t count);
  bool banned(const peer_address& where, time_point now) const;
  std::size_t banned_count(time_point now) const;
  std::size_t size() const { return entries_.size(); }

  void check_invariants() const;

 private:
  enum class condition : std::uint8_t { idle, dialling, connected };
  struct entry {
    std::optional<peer_id> peer;
    bool seeder = false;
    condition state = condition::idle;
    std::uint64_t order = 0;  ///< place among the addresses that are due
    time_point dialled{};     ///< the last time
    time_point next_try{};    ///< of an idle entry; it is in due once this time has come, until then in later_
    duration backoff = dial_backoff_min;
    bool left = false;
    std::uint8_t asked = 0;  ///< dials left of those that a person asked for
    bool failed = false;     ///< the last dial failed
  };
  using place = std::map<peer_address, entry>::iterator;
  using due = std::set<std::pair<std::uint64_t, peer_address>>;  ///< by entry::order
  /// So many sessions and dials are below these limits.
  bool below(const dial_limits& most, std::size_t all, std::size_t seeders) const;
  due& due_of(const entry& known) { return known.seeder ? due_seeders_ : due_others_; }
  void schedule(place at, time_point when);
  void unschedule(place at);
  /// Makes the entry idle from now on. It is dialled again when its back-off has passed since `since`.
  void rest(place at, time_point since);
  void retire(place at);
  time_point earliest_dial(const peer_address& where, time_point now) const;
  /// What was banned until now may be dialled again.
  void end_bans(time_point now);
  void remember_dial(const peer_address& where, time_point now);

  dial_limits limits_;
  dial_history* history_;
  std::map<peer_address, entry> entries_;
  due due_seeders_;
  due due_others_;
  std::set<std::pair<time_point, peer_address>> later_;
  std::mt19937_64 random_;
  struct banned_address {
    ban term;
    std::optional<peer_id> peer;
  };
  std::map<peer_address, banned_address> bans_;  ///< those that ended count for the next one
  std::set<std::pair<time_point, peer_address>> bans_end_;
  std::map<peer_address, time_point> recent_;  ///< dials of the last dial_interval_min, and some older ones
  time_point forgotten_at_{};                  ///< when older dials were last removed
  std::size_t dialling_ = 0;
};

}  // namespace shoal
