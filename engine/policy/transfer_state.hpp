// The inside of transfer: shared by the files that implement it, included by nobody else.
//
// What one download knows of its sources, requests and pieces. Keeps the promises of transfer.hpp and makes no others.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "policy/chunk_queue.hpp"
#include "policy/request_list.hpp"
#include "policy/request_window.hpp"
#include "policy/steal.hpp"
#include "policy/transfer.hpp"
#include "policy/verification.hpp"

namespace shoal {

struct transfer::state {
  struct source {
    source(request_window first_window, time_point now) : window(std::move(first_window)), heard(now) {}

    request_window window;
    request_list requests;
    bool choked = true;
    bool stalled = false;
    bool banned = false;
    bool affected = false;             ///< in state::affected
    time_point heard;                  ///< when it last sent something that answers us
    std::optional<time_point> resume;  ///< not asked for anything before this
    time_point theft_after{};          ///< found nothing to take from others and does not look again before this
    duration reject_pause{};
    std::uint32_t taken_told = 0;  ///< hints of taken pieces, no more than there are pieces
    std::uint32_t declined = 0;    ///< rejects that cost it no pause, no more than taken_told
    std::uint64_t bytes_received = 0;
  };

  state(metainfo_ptr share, bitmap pieces, std::uint64_t seed);

  source& at(source_id id);
  /// Null if the source is gone.
  source* find(source_id id);
  bool can_be_asked(const source& one) const { return !one.choked && !one.stalled && !one.banned; }

  /// The source sent something: it is alive.
  void hear(source_id id, source& one, time_point now);
  void update_able(source_id id, const source& one);
  /// Everything the source has in hand goes to others. What it was asked for may still come.
  void give_up(source_id id, source& one, time_point now);
  void ban(source_id id, time_point now);
  void rest_if_idle(source& one, time_point now);
  check apply(piece_index piece, const verification::verdict& verdict, time_point now);

  /// When silence means that the source has stalled.
  time_point stall_deadline(const source& one) const;

  /// Fills the lane of an able source from the queue. False if there is nothing for it.
  bool fill_lane(source_id id, time_point now);
  /// Fills the thief's empty lane from other sources' hands. False if there is nothing worth it.
  bool steal(const workload& thief);
  std::optional<byte_range> ask(source_id id, source& one, const byte_range& range, time_point now);
  /// What a source that may take from others is busy with; brings `workloads` up to date.
  workload look(source_id thief, time_point now);
  void expect_no_more(source_id id, chunk_index chunk, block_mask blocks);

  metainfo_ptr info;
  chunk_queue queue;
  verification checks;
  bitmap verified;
  std::uint64_t verified_bytes = 0;
  std::vector<std::unique_ptr<source>> sources;
  std::vector<source_id> present;
  std::vector<bool> lied;
  std::deque<source_id> bans;
  totals total;
  std::vector<source_id> affected;  ///< for next_affected()
  bool work_freed = false;
  bool paused = false;
  time_point idle_check = never;
  time_point latest{};  ///< the last `now`, for figures that are asked for without one

  std::vector<chunk_claim> void_claims;  ///< kept for its memory
  std::vector<workload> workloads;       ///< of all present, as they were not long ago
  time_point workloads_until{};          ///< then they are looked at again
};

}  // namespace shoal
