// Who wants a download to go on: the commands that wait for its end, and a command that began it in the background.
//
// A download ends when the last one leaves (DESIGN: "Invariants"). Part of a share. A command that waits leaves by
// itself.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <utility>

namespace shoal {

class interest {
 public:
  /// Says whether its owner still waits.
  using still_waits = std::function<bool()>;
  using place = std::list<still_waits>::iterator;

  /// A command waits until on_leave(), which takes the returned place.
  place on_wait(still_waits one) { return waiting_.insert(waiting_.end(), std::move(one)); }
  void on_leave(place which) { waiting_.erase(which); }
  /// The download goes on even if nobody waits for it.
  void on_background() { in_background_ = true; }
  /// Somebody removes the download with what it has on disk.
  void on_removed() { removed_ = true; }
  bool removed() const { return removed_; }

  /// The download is still wanted if one waiting command leaves.
  bool outlasts_one() const {
    return in_background_ || std::ranges::count_if(waiting_, [](const auto& still) { return still(); }) > 1;
  }

 private:
  std::list<still_waits> waiting_;
  bool in_background_ = false;
  bool removed_ = false;
};

}  // namespace shoal
