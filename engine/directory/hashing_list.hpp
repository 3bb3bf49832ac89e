// What this peer hashes or is going to hash before it shares it, by name; and when the trackers are told.
//
// A command that asks for a share by name waits while some peer hashes it. So a name is here from the moment that the
// user asks to share it, until the share is published or has failed. What is hashed at once is never told. Pure; owned
// by the discovery. Its hashing_marks put names in and take them out. DESIGN: "Between peer and tracker".
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "directory/tracking.hpp"

namespace shoal {

class hashing_list {
 public:
  /// A share that is hashed in less time is not told. So of many small files none is told.
  static constexpr duration told_after = std::chrono::milliseconds(100);
  /// Least time between two messages that only tell progress.
  static constexpr duration hashed_interval = std::chrono::seconds(1);
  /// Least time between any two messages, for each row of the first one. Each message goes to every peer of the swarm.
  static constexpr duration interval_per_row = std::chrono::milliseconds(20);

  using key = std::uint64_t;
  key on_begin(std::string name, time_point now);
  /// The files of the share are counted.
  void on_found(key which, std::string name, std::uint64_t bytes, time_point now);
  /// So many bytes of the share are hashed.
  void on_progress(key which, std::uint64_t done, time_point now);
  void on_end(key which, time_point now);

  /// What to tell now in place of what was told before. Nothing if that is the same, or it is too early.
  std::optional<std::vector<tracking::hashing_row>> next_rows(time_point now);
  /// When to ask next_rows() again.
  time_point next_deadline() const { return due_; }

  bool empty() const { return entries_.empty(); }
  /// The rows that are told: at most tracking::hashing_rows_max, oldest first.
  std::vector<tracking::hashing_row> rows(time_point now) const;
  /// All that are hashed long enough to be told.
  std::size_t count(time_point now) const;

 private:
  struct entry {
    tracking::hashing_row row;
    time_point begun{};
  };
  static bool is_told(const entry& one, time_point now) { return one.begun + told_after <= now; }
  void plan(time_point when);

  std::map<key, entry> entries_;
  key next_ = 0;
  std::vector<tracking::hashing_row> told_;
  time_point told_at_ = time_point::min();
  time_point due_ = never;
};

}  // namespace shoal
