// Who held what when it left a download. If nobody has a piece any more, this tells who had it last.
//
// Owned by download; on the network thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "core/bitmap.hpp"
#include "core/time.hpp"

namespace shoal {

class last_holders {
 public:
  /// Those that left before are forgotten.
  static constexpr std::size_t holders_max = 8;

  struct holder {
    std::string address;
    bitmap held;
    time_point left;
  };

  void on_gone(std::string address, const bitmap& held, time_point now) {
    if (held.none()) return;
    std::erase_if(holders_, [&](const holder& one) { return one.address == address; });
    holders_.push_front({std::move(address), held, now});
    if (holders_.size() > holders_max) holders_.pop_back();
  }
  bool empty() const { return holders_.empty(); }
  /// The last one that held some of these pieces; null if none did.
  const holder* of(const bitmap& pieces) const {
    const auto at = std::ranges::find_if(holders_, [&](const holder& one) {
      return one.held.size() == pieces.size() && one.held.count_common(pieces) > 0;
    });
    return at == holders_.end() ? nullptr : &*at;
  }

 private:
  std::deque<holder> holders_;  ///< the last one first
};

}  // namespace shoal
