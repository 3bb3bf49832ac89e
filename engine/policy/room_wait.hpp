// When a download that a full disk stopped goes on.
//
// The driver looks at the disk at next_look(), and says what it saw. A file system may refuse a write although it shows
// room: a quota is used up, or no file can be made any more. Then only a try can tell. The tries become rarer as long
// as nothing is stored between two of them, because each costs what was asked of peers meanwhile.
//
// Pure; owned by peer/share/room_keeper.
#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace shoal {

/// Time between two looks at the disk, and before the first try.
inline constexpr duration room_look_interval = std::chrono::seconds(2);
/// The longest time between two tries.
inline constexpr duration room_try_interval_max = std::chrono::minutes(1);

class room_wait {
 public:
  /// A write failed for want of room.
  void on_full(time_point now);
  /// A write went well.
  void on_stored() {
    if (!waiting_) pause_ = {};
  }
  /// So many bytes need room, and so many are free. Nothing: the file system does not say.
  void on_room(std::uint64_t needed, std::optional<std::uint64_t> free, time_point now);
  /// The disk could not be looked at. A try will say what is wrong.
  void on_unknown() { waiting_ = false; }

  bool waiting() const { return waiting_; }
  /// When to look at the disk; never unless waiting.
  time_point next_look() const { return waiting_ ? next_look_ : never; }
  /// Bytes for which there is no room, as last seen. 0: the file system shows none that are lacking.
  std::uint64_t lacking() const { return lacking_; }

 private:
  bool waiting_ = false;
  duration pause_{};  ///< before the next try
  time_point try_at_{};
  time_point next_look_{};
  std::uint64_t lacking_ = 0;
};

}  // namespace shoal
