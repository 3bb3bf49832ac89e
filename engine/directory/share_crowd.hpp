// Which holders each watcher of a share with many holders is told of: a random part.
//
// To tell every watcher of every holder costs the square of the crowd, and no peer connects to so many. A random graph
// in which each member knows some dozens of others is connected (Bollobás, Random Graphs, 7.2), so nobody is cut off
// and every piece gets everywhere. A part of each choice are seeders, as long as there are any.
//
// - A watcher is given a choice when it comes, and another one when it asks again because it lacks sources.
// - Who comes later and watches, too, connects to those of its own choice; connections work both ways. A holder that
//   does not watch is told to some watchers.
// - A watcher hears of the holders that it was told of when they go, and gets others when few are left.
//
// Pure. Part of registry, one for each share that needs it.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/ids.hpp"
#include "directory/random_pool.hpp"
#include "directory/tracker_session_id.hpp"

namespace shoal {

class share_crowd {
 public:
  struct limits {
    std::size_t told_max = 200;    ///< holders of a choice
    std::size_t told_min = 100;    ///< a watcher that has fewer left gets others
    std::size_t seeders_min = 50;  ///< of a choice, if there are so many
  };

  share_crowd(const limits& bounds, std::uint64_t seed) : limits_(bounds), random_(seed) {}

  std::size_t holder_count() const { return seeders_.size() + leechers_.size(); }
  void on_holder(tracker_session_id holder, bool seeder);
  /// Everything of the holder is here now, or not any more.
  void on_seeder(tracker_session_id holder, bool seeder);
  /// `peer` is its id, which watchers know it by.
  void on_holder_gone(tracker_session_id holder, const peer_id& peer);
  void on_watcher_gone(tracker_session_id watcher);

  /// A choice for these watchers, which get the same one. They were not told of any holder before, or ask for others.
  std::vector<tracker_session_id> choose(const std::vector<tracker_session_id>& watchers);

  /// What a watcher that had its choice is told besides.
  struct news {
    tracker_session_id watcher;
    std::vector<tracker_session_id> joined;
    std::vector<peer_id> left;
  };
  bool has_news() const { return !left_.empty() || !poor_.empty() || !unknown_.empty(); }
  /// Takes all news. `watches`: the holder watches, too, or is about to get its choice.
  std::vector<news> take_news(const std::function<bool(tracker_session_id holder)>& watches);
  void check_invariants() const;

 private:
  using sessions = std::vector<tracker_session_id>;

  void tell(tracker_session_id watcher, tracker_session_id holder);
  void forget(tracker_session_id watcher);

  limits limits_;
  std::mt19937_64 random_;
  random_pool seeders_;
  random_pool leechers_;
  random_pool watchers_;                                               ///< those that had their choice
  std::unordered_map<tracker_session_id, sessions> told_;              ///< holders by watcher
  std::unordered_map<tracker_session_id, sessions> told_to_;           ///< watchers by holder
  std::unordered_map<tracker_session_id, std::vector<peer_id>> left_;  ///< not told yet, by watcher
  std::unordered_set<tracker_session_id> poor_;                        ///< watchers that have few left
  sessions unknown_;                                                   ///< new holders that nobody was told of
};

}  // namespace shoal
