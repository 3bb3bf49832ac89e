// One info dictionary under collection, of a size that some source claims (BEP 9). Its parts come from one or several
// sources.
//
// Records which source sent which part. Memory grows with the data that comes, plus one bit for each part, never with
// the claim. Pure; owned by info_claims, which says who may deliver and bounds the sum.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "content/metainfo.hpp"
#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/task_spread.hpp"

namespace shoal {

class info_assembly {
 public:
  struct part {
    source_id sender;
    byte_buffer data;
  };

  /// `total_bytes` > 0.
  explicit info_assembly(std::uint32_t total_bytes)
      : total_bytes_(total_bytes), tasks_((total_bytes - 1) / metadata_piece_bytes + 1) {}

  /// Whether `bytes` is the size that the piece must have.
  bool fits(std::uint32_t piece, std::size_t bytes) const;
  /// `piece` must exist.
  bool has(std::uint32_t piece) const { return parts_.contains(piece); }
  /// The part must fit, and be missing.
  void keep(std::uint32_t piece, part one, time_point now);
  /// Takes out all data. It counts as missing again.
  std::map<std::uint32_t, part> take();

  /// Which source is to be asked for what.
  task_spread& tasks() { return tasks_; }
  const task_spread& tasks() const { return tasks_; }

  bool complete() const { return tasks_.complete(); }
  /// Needs complete().
  byte_buffer join() const;
  const std::map<std::uint32_t, part>& parts() const { return parts_; }
  std::uint32_t total_bytes() const { return total_bytes_; }
  std::uint64_t held_bytes() const { return held_bytes_; }
  /// When the last part came.
  time_point last_kept() const { return last_kept_; }

  void check_invariants() const;

 private:
  std::uint32_t total_bytes_;
  task_spread tasks_;
  std::map<std::uint32_t, part> parts_;
  std::uint64_t held_bytes_ = 0;
  time_point last_kept_ = time_point::min();
};

}  // namespace shoal
