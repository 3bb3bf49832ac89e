// Which pieces of this peer's own shares are read again because others say that they are damaged, and when.
//
// An accusation costs its sender nothing, but reading costs this peer a disk and a core. So three limits hold: at most
// one check a second, one check of a piece in recheck_after, and one waiting piece for each accuser. Pure; owned by
// the library.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

class damage_checks {
 public:
  /// Time between two checks. With pieces of 16 MiB, that is a few percent of one core and of a slow disk.
  static constexpr duration interval = std::chrono::seconds(1);
  /// A piece that was checked is not checked again for so long.
  static constexpr duration recheck_after = std::chrono::minutes(10);
  /// Pieces that wait. Accusations beyond this number are forgotten.
  static constexpr std::size_t waiting_max = 64;

  struct place {
    share_id share;
    piece_index piece;
    friend auto operator<=>(const place&, const place&) = default;
  };

  /// `by`: the address of the accuser.
  void on_accused(const place& what, const std::string& by, time_point now) {
    const auto waits = [&](const waiting& one) { return one.what == what || one.by == by; };
    const auto known = checked_.find(what);
    if ((known != checked_.end() && now < known->second + recheck_after) || waiting_.size() >= waiting_max ||
        std::ranges::any_of(waiting_, waits))
      return;
    waiting_.push_back({what, by});
  }

  /// What to check now, if anything.
  std::optional<place> next_check(time_point now) {
    if (waiting_.empty() || now < next_at_) return std::nullopt;
    std::erase_if(checked_, [now](const auto& one) { return one.second + recheck_after <= now; });
    const place what = waiting_.front().what;
    waiting_.pop_front();
    checked_[what] = now;
    next_at_ = now + interval;
    return what;
  }
  /// When to ask next_check() again.
  time_point next_deadline() const { return waiting_.empty() ? never : next_at_; }

 private:
  struct waiting {
    place what;
    std::string by;
  };
  std::deque<waiting> waiting_;
  std::map<place, time_point> checked_;  ///< of the last recheck_after
  time_point next_at_ = time_point::min();
};

}  // namespace shoal
