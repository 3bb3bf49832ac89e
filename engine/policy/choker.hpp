// Whom a node serves when more leechers ask than it serves well at the same time. This is BEP 3's choking without tit
// for tat.
//
// The choker unchokes as many leechers as upload_places says, in the order in which they come. TCP shares the uplink
// among them. While no other leecher waits, they stay unchoked. While others wait, all take turns:
// 1. A leecher that had its turn, or that sends no requests, is choked. It goes to the end of the queue.
// 2. The first leecher of the queue is unchoked.
// 3. The node still serves what a leecher asked for before the choke (BEP 6). That keeps the uplink busy until the next
//    leecher asks.
//
// So a piece reaches a few leechers soon, and these pass it on. Without turns it would reach all leechers late. And a
// request is served soon: it does not wait here while another peer could serve it.
//
// A turn is wasted on a leecher that sends no requests in it. After each such turn the leecher waits behind the others
// for twice as long. A leecher that loses its interest in such a turn waits from the second time on. A leecher that has
// not taken what it asked for also waits behind the others, until it has taken it.
//
// A leecher that passes on less than it is given (first_copies.hpp) is held back while the uplink is busy with others.
// It is choked, even where a place is free, until it has passed on what it has. So fast uplinks spread what the seeder
// sends. A slow uplink gets what it passes on, and gets the rest from other leechers.
//
// Pure, no clock: events carry the time, and next_decision() returns the decisions. Owned by serving. DESIGN: "A
// crowd".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/upload_places.hpp"

namespace shoal {

/// So many more leechers are served if they are far away: a round trip of far_round_trip_min or more. Their requests
/// are under way for a good part of their turn.
inline constexpr std::size_t far_unchoked_max = 4;
inline constexpr duration far_round_trip_min = std::chrono::milliseconds(50);
/// Limits the leechers that had their turn and still wait for what they asked for in it. While we download, these are
/// at most as many as there are places. More streams at the same time delay our requests and the acknowledgements of
/// what we download. A leecher that takes longer than this duration no longer counts: it may have stopped reading.
inline constexpr duration drain_duration_max = std::chrono::seconds(2);
/// Chunks that a leecher may ask for in one turn.
inline constexpr std::uint64_t turn_chunks = 4;
/// A turn is over this long after its first request, however little the leecher asked for. So slow leechers do not keep
/// fast ones waiting.
inline constexpr duration turn_duration_max = std::chrono::seconds(1);
/// An unchoked leecher that sends no requests for this long gives way to a leecher that waits. The patience is two
/// round trips if that is longer, and at most turn_patience_max. After the first request of a turn, all pauses of the
/// turn count together.
inline constexpr duration turn_idle_max = std::chrono::milliseconds(75);
inline constexpr duration turn_patience_max = std::chrono::seconds(4);
/// A leecher that did not use n turns goes behind the others for 2^n times turn_idle_max. n counts no further than
/// this.
inline constexpr int turns_unused_max = 6;
/// A leecher is held back if its backlog is at least so many pieces and at least twice the smallest backlog. With a
/// smaller number, the pieces under way to a fast leecher would count. With a larger one, more pieces are sent twice in
/// the end, which is much of a small share.
inline constexpr std::uint32_t backlog_max = 4;

class choker {
 public:
  choker(const choker&) = delete;
  choker& operator=(const choker&) = delete;
  /// `chunk_bytes`: the chunk size of the share.
  explicit choker(std::uint32_t chunk_bytes) : turn_bytes_(turn_chunks * chunk_bytes) {}

  /// Adds a peer that is not interested (BEP 3). It is choked unless a place is free. `round_trip`: to the peer and
  /// back, zero if unknown. Ids count up from 0.
  leecher_id on_leecher(duration round_trip, time_point now);
  /// The round trip is known better now. It counts from the leecher's next turn on.
  void on_round_trip(leecher_id leecher, duration round_trip) { at(leecher).round_trip = round_trip; }
  void on_leecher_gone(leecher_id leecher, time_point now);
  bool choked(leecher_id leecher) const { return at(leecher).choked; }
  void on_interested(leecher_id leecher, bool interested, time_point now);
  /// The leecher asked for so many bytes. False: the leecher is choked, and the caller refuses the request.
  [[nodiscard]] bool on_request(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// So many bytes that the leecher asked for were sent.
  void on_sent(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// So many bytes that the leecher asked for will not be sent.
  void on_refused(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// This node holds the whole share from now on.
  void on_seeding(time_point now);
  /// Nobody else has so many of the pieces that the leecher was given first.
  void on_backlog(leecher_id leecher, std::uint32_t pieces, time_point now);
  void on_deadline(time_point now) { decide(now); }
  time_point next_deadline() const;

  struct decision {
    leecher_id leecher;
    bool choke = false;
  };
  /// What to tell a leecher. Each change is returned once, in order.
  std::optional<decision> next_decision();

  void check_invariants() const;

 private:
  struct leecher_record {
    leecher_id id;
    duration round_trip;
    bool interested = false;
    bool choked = true;
    std::uint64_t turn_bytes = 0;   ///< asked for in this turn
    std::uint64_t outstanding = 0;  ///< bytes asked for and not answered
    std::uint32_t backlog = 0;
    bool wanted = false;       ///< was interested in this turn
    bool asked = true;         ///< has asked in this turn
    int turns_unused = 0;      ///< turns without a request, since the last turn with one
    time_point rests_until{};  ///< others go first until then
    time_point unchoked_at{};
    time_point choked_at{};
    time_point first_asked{};  ///< in this turn
    time_point quiet_since{};  ///< nothing is outstanding since then
    duration paused{};         ///< in this turn, since its first request: time with nothing outstanding
  };
  leecher_record& at(leecher_id leecher);
  const leecher_record& at(leecher_id leecher) const;
  void choke(leecher_record& one, time_point now);
  /// The leecher passes on less than it is given, and less than others do. Never true of all interested leechers.
  bool is_behind(const leecher_record& one) const;
  /// The node serves others instead of this leecher.
  bool held_back(const leecher_record& one, time_point now) const { return is_behind(one) && !places_.has_room(now); }
  /// Chokes the unchoked leechers that are held back.
  void hold_back(time_point now);
  /// The leecher will use a turn, as far as the choker can tell.
  bool worth_a_turn(const leecher_record& one, time_point now) const;
  /// The leecher of waiting_ whose turn is next, or the end of waiting_.
  std::deque<leecher_id>::const_iterator next_waiting(time_point now) const;
  /// Like next_waiting, for a free place: may also return a leecher that is not worth a turn.
  std::deque<leecher_id>::const_iterator next_for_room(time_point now) const;
  void unchoke(leecher_record& one, time_point now);
  /// When the leecher gives way to others.
  time_point turn_ends(const leecher_record& one) const;
  /// All places are taken. Up to far_unchoked_max far leechers need no place.
  bool full() const;
  /// No turn ends before then. Until then, as many choked leechers as there are places wait for what they asked for.
  time_point drained_at() const;
  void answered(leecher_id leecher, std::uint32_t bytes, time_point now);
  void decide(time_point now);

  std::uint64_t turn_bytes_;
  upload_places places_;
  bool seeding_ = false;
  std::unordered_map<leecher_id, leecher_record> leechers_;
  leecher_id next_leecher_;
  std::vector<leecher_record*> unchoked_;  ///< in leechers_, longest unchoked first
  std::deque<leecher_id> waiting_;         ///< interested and choked leechers; the first has the next turn
  std::multiset<std::uint32_t> backlogs_;  ///< of the interested leechers
  std::deque<decision> decisions_;
};

}  // namespace shoal
