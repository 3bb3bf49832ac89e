// Lets so many sessions dial their peers back at the same time. The others wait in the order in which they came.
//
// Without it a crowd that joins at once would need two descriptors for each session. The second ones could take those
// of sessions that are still to be accepted. Owned by tracker_node, used by tracker_session, on one context. A session
// that entered must leave, also if it was closed meanwhile.
#pragma once

#include <cstddef>
#include <deque>

#include "net/event.hpp"

namespace shoal {

class dial_gate {
 public:
  explicit dial_gate(std::size_t places) : free_(places) {}

  /// True: entered. False: `turn` is set when there is a place, and the place is then taken.
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
  /// Ends the wait. Also gives back a place that came with `turn` and was not used.
  void give_up(const event& turn) {
    if (std::erase(waiting_, &turn) == 0) leave();
  }

 private:
  std::size_t free_;
  std::deque<event*> waiting_;
};

}  // namespace shoal
