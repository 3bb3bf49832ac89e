// A download from simulated sources in virtual time: each delivers what it was asked for at its own rate.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <vector>

#include "policy/transfer.hpp"
#include "unit/policy/support/fake_share.hpp"

namespace shoal::fake {

class swarm {
 public:
  struct peer {
    double rate = 10e6;                             ///< bytes per second
    duration delay = std::chrono::milliseconds(1);  ///< one way
    time_point dies = never;                        ///< connection closed
    time_point silent = never;                      ///< sends nothing from then on
    std::uint32_t request_bytes_max = chunk_bytes_max;
  };

  swarm(std::uint32_t piece_bytes, std::uint64_t bytes, std::vector<peer> peers)
      : content_(make_share(piece_bytes, {bytes})),
        transfer_(content_.info, bitmap(content_.info->shape().piece_count()), 7) {
    bitmap all(content_.info->shape().piece_count());
    all.set_all();
    for (const auto& one : peers) {
      const auto id = transfer_.on_source(one.request_bytes_max, 2048, 2 * one.delay, now_);
      actors_.push_back({one, id, {}, {}, now_, true});
      transfer_.on_bitmap(id, all, now_);
      transfer_.on_unchoke(id, now_);
    }
  }

  static time_point begin() { return time_point{std::chrono::seconds(1)}; }

  /// Seconds until complete; fails after an hour of virtual time.
  double run() {
    ask_all();
    while (!transfer_.complete()) {
      step();
      if (now_ >= begin() + std::chrono::hours(1)) {
        FAIL("not complete: " << transfer_.verified_bytes());
      }
    }
    transfer_.check_invariants();
    return std::chrono::duration<double>(now_ - begin()).count();
  }

  /// Goes on until the piece is verified. Returns seconds since the last call, or since the begin.
  double run_until(piece_index piece) {
    const time_point from = now_;
    ask_all();
    while (!transfer_.verified().test(piece.value())) step();
    return std::chrono::duration<double>(now_ - from).count();
  }
  void urge(std::vector<piece_index> pieces) {
    transfer_.on_urgent(std::move(pieces));
    sweep();
    withdraw();
  }
  const transfer& decides() const { return transfer_; }

  const transfer::totals& total() const { return transfer_.total(); }
  transfer::source_stats stats(std::size_t index) const { return transfer_.stats(actors_[index].id); }

 private:
  struct job {
    byte_range range;
    time_point arrives;  ///< at the source
  };
  struct actor {
    peer as;
    source_id id;
    std::deque<job> jobs;
    std::uint32_t sent = 0;  ///< bytes of the first job
    time_point free;
    bool present = true;
  };

  /// When the next block of the first job is here.
  time_point next_block(const actor& one) const {
    if (!one.present || one.jobs.empty()) return never;
    const job& first = one.jobs.front();
    const std::uint32_t bytes = std::min(block_bytes, first.range.bytes - one.sent);
    const auto span = std::chrono::duration_cast<duration>(std::chrono::duration<double>(bytes / one.as.rate));
    const time_point done = std::max(one.free, first.arrives) + span;
    return done >= one.as.silent ? never : done + one.as.delay;
  }

  void step() {
    actor* next = nullptr;
    time_point at = transfer_.next_deadline();
    bool death = false;
    for (auto& one : actors_) {
      if (!one.present) continue;
      const time_point block = next_block(one);
      if (block < at) at = block, next = &one, death = false;
      if (one.as.dies < at) at = one.as.dies, next = &one, death = true;
    }
    REQUIRE(at != never);
    now_ = std::max(at, now_);
    if (next == nullptr) {
      transfer_.on_deadline(now_);
      sweep();
    } else if (death) {
      next->present = false;
      transfer_.on_source_gone(next->id, now_);
      sweep();
    } else {
      deliver(*next);
    }
  }

  void deliver(actor& one) {
    const byte_range range = one.jobs.front().range;
    if (one.sent == 0) REQUIRE(transfer_.on_piece_begin(one.id, range, now_));
    const byte_range part{range.piece, range.begin + one.sent, std::min(block_bytes, range.bytes - one.sent)};
    one.free = now_ - one.as.delay;
    one.sent += part.bytes;
    transfer_.on_bytes(one.id, part.bytes, now_);
    const bool wanted = transfer_.on_blocks(one.id, part, now_) != 0;
    if (one.sent == range.bytes) {
      transfer_.on_piece_end(one.id, range, now_);
      one.jobs.pop_front();
      one.sent = 0;
    }
    if (wanted) {
      const std::uint32_t block = part.begin / block_bytes;
      transfer_.on_stored(one.id, part.piece, block, std::span(&content_.leaves[part.piece.value()][block], 1), now_);
    }
    ask(one);
    withdraw();
    sweep();
  }

  void ask(actor& one) {
    if (!one.present) return;
    while (const auto range = transfer_.next_request(one.id, now_)) {
      one.jobs.push_back({*range, now_ + one.as.delay});
    }
  }

  void ask_all() {
    for (auto& one : actors_) ask(one);
    withdraw();
  }

  void sweep() {
    if (transfer_.work_freed()) ask_all();
    while (const auto source = transfer_.next_affected()) ask(actors_[source->value()]);
  }

  /// Cancels work on what a source has not begun.
  void withdraw() {
    for (auto& one : actors_) {
      if (!one.present) continue;
      while (const auto range = transfer_.next_cancel(one.id)) {
        for (auto job = one.jobs.begin(); job != one.jobs.end(); ++job) {
          if (!(job->range == *range)) continue;
          if (job == one.jobs.begin() && one.sent != 0) break;
          one.jobs.erase(job);
          transfer_.on_reject(one.id, *range, now_);
          break;
        }
      }
    }
  }

  share content_;
  transfer transfer_;
  std::vector<actor> actors_;
  time_point now_ = begin();
};

}  // namespace shoal::fake
