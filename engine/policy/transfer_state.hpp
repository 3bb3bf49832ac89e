// The inside of transfer. The files that implement transfer share it; nobody else includes it.
//
// Holds what one download knows of its sources, requests and pieces. Keeps the promises of transfer.hpp and makes no
// others.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "policy/chunk_queue.hpp"
#include "policy/forecast.hpp"
#include "policy/leaf_inquiry.hpp"
#include "policy/request_list.hpp"
#include "policy/request_window.hpp"
#include "policy/steal.hpp"
#include "policy/transfer.hpp"
#include "policy/verification.hpp"

namespace shoal {

struct transfer::state {
  struct source {
    explicit source(request_window first_window) : window(std::move(first_window)) {}

    request_window window;
    request_list requests;
    bool choked = true;
    bool stalled = false;
    bool banned = false;
    bool paused = false;     ///< a limit keeps it from being read
    bool affected = false;   ///< in state::affected
    bool probing = false;    ///< stalled, and has delivered nothing since: asked for one block at most
    bool answering = false;  ///< is in the midst of an answer to a request that is not given up
    /// When it was asked, or when it last delivered. Set while it owes something. Stays when requests are called back.
    std::optional<time_point> owes_since;
    time_point delivered_at{};         ///< when something that it was asked for last came
    time_point probe_at = never;       ///< when a stalled source is asked for one block
    time_point idle_since{};           ///< since when it has had no requests
    std::optional<time_point> resume;  ///< it is asked for nothing before this
    time_point theft_after{};          ///< it found nothing to take from others, and looks again after this
    time_point urgent_after{};         ///< the same for what somebody waits for
    duration reject_pause{};
    std::uint32_t taken_told = 0;  ///< hints of taken pieces, no more than there are pieces
    std::uint32_t declined = 0;    ///< rejects that cost it no pause, no more than taken_told
    std::uint64_t bytes_received = 0;
    bitmap told;                     ///< what it holds, reserved pieces included; empty while there are none
    double stood_still = 0;          ///< seconds: the longest silence after which it went on
    std::uint32_t answer_bytes = 0;  ///< bytes received of the present answer
  };

  state(metainfo_ptr share, bitmap pieces, std::uint64_t seed);

  source& at(source_id id);
  /// Null if the source is gone.
  source* find(source_id id);
  /// It may take from others more than one request at a time.
  static bool trusted(const source& one) { return one.reject_pause == duration::zero() && one.window.rate() > 0; }
  bool can_be_asked(const source& one) const { return !one.choked && !one.stalled && !one.banned; }

  /// The source sent something: it is alive.
  void hear(source_id id, source& one, time_point now);
  /// The source sent something that it was asked for.
  void on_delivery(source_id id, source& one, time_point now);
  void update_able(source_id id, const source& one);
  /// Everything the source has in hand goes to others. What it was asked for may still come.
  void give_up(source_id id, source& one, time_point now);
  void ban(source_id id, piece_index piece, time_point now);
  void rest_if_idle(source& one, time_point now);
  check apply(piece_index piece, const verification::verdict& verdict, time_point now);

  /// Gives the requests that the source got far too early to others.
  void recall(source_id id, source& one, time_point now);
  /// When silence means that the source has stalled.
  time_point stall_deadline(const source& one) const;

  // transfer_preferred.cpp

  /// Reserves what the preferred source holds, or nothing if it cannot be asked.
  void reserve();
  /// Does that when the source holds this piece, too, from now on.
  void reserve(piece_index piece);
  /// It is the preferred source, and holds nothing that is missing for now.
  bool rests(source_id id) const { return id == preferred && !queue.interesting(id); }
  /// What of `pieces` may be asked of a source that tells it.
  bitmap unreserved(source_id id, const bitmap& pieces) const;
  bool is_reserved(source_id id, piece_index piece) const;
  /// The source says that it holds the piece.
  bool has(source_id id, piece_index piece);

  // transfer_next.cpp

  /// Fills the lane of an able source from the queue. False if there is nothing for it.
  bool fill_lane(source_id id, time_point now);
  /// Claims for the thief what it has clearly sooner than those who were asked. Returns what to ask it for; nothing if
  /// nothing is worth it.
  std::optional<byte_range> steal(source_id id, source& one, std::uint32_t bytes_max, time_point now, theft_scope what);
  /// Does that with what somebody waits for, once all of it is given out.
  std::optional<byte_range> steal_urgent(source_id id, source& one, time_point now);
  /// When a source that found nothing to take looks again.
  time_point next_theft(time_point now);
  /// Takes an exclusive piece out of the hands of a source that needs far longer for it. False if there is none.
  bool relieve_owner(const workload& thief, time_point now);
  std::optional<byte_range> ask(source_id id, source& one, const byte_range& range, time_point now);
  void expect_no_more(source_id id, chunk_index chunk, block_mask blocks);
  /// The source has something to cancel, and so room for another request: see next_affected().
  void affect(source_id id, source& one);
  /// Size of the next request to the source: no more than it delivers in the time that is left, but at least a block.
  /// 0: it is asked for nothing, because others bring what is left sooner.
  std::uint32_t bytes_in_time(source_id id, const source& one, time_point now);

  // transfer_outlook.cpp

  workload workload_of(source_id id, time_point now);
  /// Bytes asked for that have not come.
  static std::uint64_t pending_of(const source& one) {
    return one.requests.bytes() - (one.answering ? one.answer_bytes : 0);
  }
  /// Updates `workloads` and `rate_all`, if they are older than `age_max`.
  void look(time_point now, duration age_max);
  /// Bytes that may be asked of two sources before `seconds` have passed. With these, no more than duplicate_share_max
  /// of the share is expected to come twice.
  std::uint64_t may_come_twice(double seconds) const;
  /// Missing bytes over rate_all; infinite if nobody delivers.
  double seconds_left() const;
  /// Updates the bytes under way in `workloads`: they change faster than rates do.
  void refresh_pending();
  /// Whether other holders of the piece together bring all that is missing clearly sooner than in `seconds`, and one of
  /// them `bytes` of the piece. Never true for all holders at once.
  bool others_sooner(source_id than, piece_index piece, std::uint32_t bytes, double seconds);
  /// A chunk with a missing block that the idle source holds and that nobody brings sooner. Nothing, as long as the
  /// driver calls next_request() when it should.
  std::optional<chunk_index> neglected(source_id id, time_point now);
  /// Finds sources that idle in vain, and lets them look for work again.
  void heal(time_point now);

  metainfo_ptr info;
  chunk_queue queue;
  verification checks;
  leaf_inquiry inquiry;
  bitmap verified;
  std::uint64_t verified_bytes = 0;
  std::vector<std::unique_ptr<source>> sources;
  std::vector<source_id> present;  ///< in the order of their ids
  std::optional<source_id> preferred;
  bitmap reserved;  ///< pieces that only the preferred source is asked for; empty if there are none
  std::vector<std::optional<piece_index>> lied;  ///< by source: the piece that it lied about
  std::deque<source_id> bans;
  std::deque<fault> faults;
  totals total;
  std::size_t swarm = 0;            ///< known peers
  std::vector<source_id> affected;  ///< for next_affected()
  bool work_freed = false;
  bool paused = false;
  std::uint64_t limit = 0;  ///< bytes per second of all sources together; 0: none
  time_point idle_check = never;
  time_point latest{};  ///< the last `now`, for figures that take no time

  std::vector<chunk_claim> void_claims;  ///< kept for its memory
  std::vector<workload> workloads;       ///< of all present sources in order, as at looked_at
  time_point looked_at{};                ///< when workloads was last brought up to date
  double rate_all = 0;                   ///< bytes per second of the sources that can be asked and deliver
  time_point healed_at{};                ///< when heal() last looked for sources that idle in vain
  time_point last_news{};                ///< when something that was missing last arrived
};

}  // namespace shoal
