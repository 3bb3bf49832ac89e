// A set of sessions from which some are drawn at random. Pure.
#pragma once

#include <cstdint>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "directory/tracker_session_id.hpp"

namespace shoal {

class random_pool {
 public:
  std::size_t size() const { return all_.size(); }
  bool contains(tracker_session_id one) const { return place_.contains(one); }
  const std::vector<tracker_session_id>& all() const { return all_; }

  void insert(tracker_session_id one) {
    if (place_.try_emplace(one, all_.size()).second) all_.push_back(one);
  }
  bool erase(tracker_session_id one) {
    const auto found = place_.find(one);
    if (found == place_.end()) return false;
    const std::size_t at = found->second;
    place_.erase(found);
    if (at + 1 < all_.size()) {
      all_[at] = all_.back();
      place_[all_[at]] = at;
    }
    all_.pop_back();
    return true;
  }
  /// So many different ones, or all if there are no more; each set is as likely. Floyd's algorithm (Bentley,
  /// Programming Pearls, CACM 30 (9), 1987).
  std::vector<tracker_session_id> draw(std::size_t count, std::mt19937_64& random) const {
    if (count >= all_.size()) return all_;
    std::unordered_set<std::size_t> chosen;
    std::vector<tracker_session_id> drawn;
    drawn.reserve(count);
    for (std::size_t last = all_.size() - count; last < all_.size(); ++last) {
      const std::size_t at = std::uniform_int_distribution<std::size_t>(0, last)(random);
      drawn.push_back(all_[*chosen.insert(chosen.contains(at) ? last : at).first]);
    }
    return drawn;
  }

 private:
  std::vector<tracker_session_id> all_;
  std::unordered_map<tracker_session_id, std::size_t> place_;
};

}  // namespace shoal
