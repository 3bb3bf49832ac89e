// Lets so many sessions dial their peers back at the same time; the others wait in the order in which they came.
//
// A crowd that joins at once would otherwise need two descriptors for each session, and the second ones could take
// those of sessions that are still to be accepted. Owned by tracker_node, used by live_session, on one context. Whoever
// entered leaves, also when it was closed meanwhile.
#pragma once

#include <cstddef>
#include <deque>

#include "net/event.hpp"

namespace shoal {

class dial_gate {
 public:
  explicit dial_gate(std::size_t places) : free_(places) {}

  /// True: entered. False: `turn` is set when there is a place, which is then taken.
  [[nodiscard]] bool enter(event& turn) {
    if (free_ == 0) {
      waiting_.push_back(&turn);
      return false;
    }
    --free_;
    return true;
  }
  void leave() {
    if (waiting_.empty()) {
      ++free_;
    } else {
      waiting_.front()->set();
      waiting_.pop_front();
    }
  }
  /// Instead of waiting on, or of using the place that came with `turn`.
  void give_up(const event& turn) {
    if (std::erase(waiting_, &turn) == 0) leave();
  }

 private:
  std::size_t free_;
  std::deque<event*> waiting_;
};

}  // namespace shoal
