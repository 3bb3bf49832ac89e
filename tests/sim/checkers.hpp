// Watch a simulated swarm and notice at once when something happens that never may.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "simulate/observer.hpp"
#include "simulate/swarm.hpp"

namespace shoal::simulate {

/// Each block is written into place once, and again only where a wrong one was; nothing stands still for long.
class watcher : public observer {
 public:
  void on_block(node_index node, piece_index piece, std::uint32_t block, node_index from, bool right,
                time_point now) override {
    const auto place = std::pair(piece, block);
    auto& mine = written_[node];
    const auto at = mine.find(place);
    // A wrong block may have company: all of its piece is fetched again when nobody knows which one it is.
    if (at != mine.end() && at->second && !wrong_pieces_[node].contains(piece)) ++twice;
    mine[place] = right;
    if (!right) {
      wrong_pieces_[node].insert(piece);
      lied_to_[node].insert(from);
    }
    last_progress = now;
  }
  void on_verified(node_index node, piece_index piece, time_point) override {
    for (const auto& [place, right] : written_[node]) {
      if (place.first == piece && !right) ++verified_wrong;
    }
    if (!verified_[node].insert(piece).second) ++verified_twice;
  }
  void on_banned(node_index node, node_index whom, time_point) override { banned[node].insert(whom); }

  const std::set<piece_index>& verified_by(node_index node) { return verified_[node]; }
  const std::set<node_index>& liars_met_by(node_index node) { return lied_to_[node]; }

  std::size_t twice = 0;           ///< blocks written over right ones
  std::size_t verified_wrong = 0;  ///< pieces
  std::size_t verified_twice = 0;  ///< pieces
  time_point last_progress{};
  std::map<node_index, std::set<node_index>> banned;

 private:
  std::map<node_index, std::map<std::pair<piece_index, std::uint32_t>, bool>> written_;
  std::map<node_index, std::set<piece_index>> wrong_pieces_;
  std::map<node_index, std::set<node_index>> lied_to_;
  std::map<node_index, std::set<piece_index>> verified_;
};

/// No block arrives anywhere for this long only if something is forgotten: stalls are noticed within a second or two, a
/// dial to a silent node takes five, and a refused one is repeated after fifteen.
inline constexpr duration silence_max = std::chrono::seconds(20);

/// Runs the scenario; fails if anything is wrong at the end or nothing moves in the midst of it.
inline void run_watched(const scenario& how, watcher& seen) {
  INFO("seed " << how.seed);
  swarm crowd(how, seen);
  std::uint64_t events = 0;
  while (crowd.step()) {
    if (++events % 5000 == 0) crowd.check_invariants();
    if (crowd.net().now() <= seen.last_progress + silence_max) continue;
    FAIL("nothing arrives after " << std::chrono::duration<double>(seen.last_progress.time_since_epoch()).count()
                                  << " s");
  }
  crowd.check_invariants();
  CHECK(crowd.complete());
  CHECK(seen.twice == 0);
  CHECK(seen.verified_wrong == 0);
  CHECK(seen.verified_twice == 0);
  for (const node_index one : crowd.awaited()) {
    CHECK(seen.verified_by(one).size() == crowd.content().shape().piece_count());
    for (const node_index liar : seen.banned[one]) CHECK(crowd.nodes()[liar.value()].what() == role::liar);
  }
}

}  // namespace shoal::simulate
