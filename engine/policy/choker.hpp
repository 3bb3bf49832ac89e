// Whom a node serves when more ask than it serves well at the same time: BEP 3's choking, without its tit for tat.
//
// As many as upload_places says are unchoked as they come, and stay so: TCP shares the uplink among them. While others
// wait, everybody has turns: a leecher that had its turn, or asks for nothing, is choked and goes to the end of
// the queue. So a piece reaches a few soon, who pass it on, instead of all of them late; and what a leecher asks of us
// is served soon, instead of waiting here while others could bring it. What was asked for before the choke is served
// still (BEP 6), which keeps the uplink busy until the next one asks.
//
// Turns are lost on who asks for nothing in them, or does not take what it asked for. It goes behind the others: for
// twice as long after each turn that it did not use, and until it has taken what it asked for.
//
// Who passes on less than it is given (first_copies.hpp) is held back while the uplink is busy with others: choked,
// even where there is room, until it has passed on what it has. So slow uplinks get what they pass on and the rest from
// others, and what the seeder sends is spread by fast ones.
//
// Pure, no clock: events come with the time, decisions are asked for with next_decision(). Owned by serving. DESIGN:
// "A crowd".
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

/// So many more are served if they are far away, far_round_trip_min or more there and back, because their requests are
/// under way for a good part of their turn.
inline constexpr std::size_t far_unchoked_max = 4;
inline constexpr duration far_round_trip_min = std::chrono::milliseconds(50);
/// While we download, as many leechers as there are places may have had their turn and wait for what they asked for in
/// it: more streams at the same time delay the acknowledgements of what we download, and our requests. Who takes longer
/// than this is no hindrance: it may have stopped reading.
inline constexpr duration drain_duration_max = std::chrono::seconds(2);
/// Chunks that a leecher may ask for in one turn.
inline constexpr std::uint64_t turn_chunks = 4;
/// A turn is over this long after its first request, however little was asked for: slow leechers must not keep fast
/// ones waiting.
inline constexpr duration turn_duration_max = std::chrono::seconds(1);
/// An unchoked leecher that asked for nothing for this long, or for two round trips if that is longer, gives way to one
/// that waits; after turn_patience_max in any case. After its first request all its pauses count together.
inline constexpr duration turn_idle_max = std::chrono::milliseconds(75);
inline constexpr duration turn_patience_max = std::chrono::seconds(4);
/// Who did not use n turns goes behind the others for 2^n times turn_idle_max, but not for longer than with this n.
inline constexpr int turns_unused_max = 6;
/// A leecher that has a backlog of so many pieces, and twice as many as the one with the least, is held back. Fewer
/// would be what is under way to a fast one; more is sent a second time in the end, and is much of a small share.
inline constexpr std::uint32_t backlog_max = 4;

class choker {
 public:
  choker(const choker&) = delete;
  choker& operator=(const choker&) = delete;
  /// `chunk_bytes`: of the share.
  explicit choker(std::uint32_t chunk_bytes) : turn_bytes_(turn_chunks * chunk_bytes) {}

  /// A peer that is not interested (BEP 3) and choked, unless there is room for it. `round_trip`: to the peer and back,
  /// zero if unknown. Ids count up from 0.
  leecher_id on_leecher(duration round_trip, time_point now);
  /// It is known better. Counts from its next turn on.
  void on_round_trip(leecher_id leecher, duration round_trip) { at(leecher).round_trip = round_trip; }
  void on_leecher_gone(leecher_id leecher, time_point now);
  bool choked(leecher_id leecher) const { return at(leecher).choked; }
  void on_interested(leecher_id leecher, bool interested, time_point now);
  /// It asked for so many bytes. False: it is choked, and they are to be refused.
  [[nodiscard]] bool on_request(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// So many bytes of what it asked for were sent.
  void on_sent(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// So many bytes of what it asked for will not be sent.
  void on_refused(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// We hold everything of the share from now on.
  void on_seeding(time_point now);
  /// So many pieces that it was given first nobody else has.
  void on_backlog(leecher_id leecher, std::uint32_t pieces, time_point now);
  void on_deadline(time_point now) { decide(now); }
  time_point next_deadline() const;

  struct decision {
    leecher_id leecher;
    bool choke = false;
  };
  /// What to tell a leecher. Each change once, in order.
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
    bool asked = true;         ///< in this turn
    int turns_unused = 0;      ///< in which it asked for nothing, since the last in which it did
    time_point rests_until{};  ///< others go first until then
    time_point unchoked_at{};
    time_point choked_at{};
    time_point first_asked{};  ///< in this turn
    time_point quiet_since{};  ///< nothing has been outstanding
    duration paused{};         ///< in this turn, since its first request: nothing was outstanding
  };
  leecher_record& at(leecher_id leecher);
  const leecher_record& at(leecher_id leecher) const;
  void choke(leecher_record& one, time_point now);
  /// It passes on less than it is given, and less than others. Never true of all that are interested.
  bool is_behind(const leecher_record& one) const;
  /// Others are to be served instead.
  bool held_back(const leecher_record& one, time_point now) const { return is_behind(one) && !places_.has_room(now); }
  /// Chokes those who are, and are served.
  void hold_back(time_point now);
  /// It makes use of a turn, as far as can be told.
  bool worth_a_turn(const leecher_record& one, time_point now) const;
  /// The one in waiting_ whose turn is next, or its end.
  std::deque<leecher_id>::const_iterator next_waiting(time_point now) const;
  /// As next_waiting where there is room: also one that is not worth a turn.
  std::deque<leecher_id>::const_iterator next_for_room(time_point now) const;
  void unchoke(leecher_record& one, time_point now);
  /// When it gives way to others.
  time_point turn_ends(const leecher_record& one) const;
  /// All places are taken; up to far_unchoked_max far ones take none.
  bool full() const;
  /// Until then as many as there are places are choked and wait for what they asked for before, so no turn ends.
  time_point drained_at() const;
  void answered(leecher_id leecher, std::uint32_t bytes, time_point now);
  void decide(time_point now);

  std::uint64_t turn_bytes_;
  upload_places places_;
  bool seeding_ = false;
  std::unordered_map<leecher_id, leecher_record> leechers_;
  leecher_id next_leecher_;
  std::vector<leecher_record*> unchoked_;  ///< in leechers_, since longest first
  std::deque<leecher_id> waiting_;         ///< interested and choked, the first has the next turn
  std::multiset<std::uint32_t> backlogs_;  ///< of those that are interested
  std::deque<decision> decisions_;
};

}  // namespace shoal
