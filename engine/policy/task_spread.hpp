// Numbered tasks that several sources do side by side: parts of an info dictionary, hash requests.
//
// Each task goes to one source first. A source with nothing else to do gets the task that is outstanding elsewhere the
// longest. So nothing waits for a late source. This class says who does what, never how much a source may have in
// flight. Memory grows with what was asked for, plus one bit for each task. Pure; owned by info_assembly and
// layer_collection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

/// A task is late this long after a source was last asked for it. That is more than a round trip around the world, and
/// short enough for four more tries within a second.
inline constexpr duration task_late_after = std::chrono::milliseconds(250);

class task_spread {
 public:
  struct asker {
    source_id source;
    time_point sent;
  };
  using asker_list = std::vector<asker>;

  explicit task_spread(std::uint32_t tasks) : done_(tasks) {}

  /// The next task for the source, outstanding from now on. First come tasks that nobody was asked for. Then comes the
  /// task that is outstanding elsewhere the longest, if it is late or if `duplicate` is set. The source never gets a
  /// task twice.
  std::optional<std::uint32_t> next(source_id source, bool duplicate, time_point now);
  /// When next() has a task for the source: time_point::min() if at once, never if waiting does not help.
  time_point next_time(source_id source, bool duplicate) const;

  /// The source will not do the task, or not in time.
  void on_given_back(source_id source, std::uint32_t task);
  void on_done(std::uint32_t task);
  /// The result of the task is lost.
  void on_undone(std::uint32_t task);

  bool done(std::uint32_t task) const { return done_.test(task); }
  bool complete() const { return done_.all(); }
  std::uint32_t size() const { return done_.size(); }
  /// The sources that were asked for each task that is not done.
  const std::map<std::uint32_t, asker_list>& outstanding() const { return outstanding_; }

  void check_invariants() const;

 private:
  /// By the time of the last request, then from the back: of tasks asked for at once the last comes last.
  using order_key = std::pair<time_point, std::uint32_t>;

  void ask(source_id source, std::uint32_t task, time_point now);
  static order_key key(std::uint32_t task, const asker_list& askers);
  const order_key* oldest_elsewhere(source_id source) const;
  bool untouched(std::uint32_t task) const { return !done_.test(task) && !outstanding_.contains(task); }

  bitmap done_;
  std::uint32_t next_ = 0;            ///< tasks from here on were never given out by next()
  std::set<std::uint32_t> returned_;  ///< below next_, neither done nor outstanding
  std::map<std::uint32_t, asker_list> outstanding_;
  std::set<order_key> order_;  ///< of outstanding_
};

}  // namespace shoal
