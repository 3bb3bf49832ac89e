// What a seeder has given to nobody yet: it sends every piece once before it sends one twice.
//
// A crowd waits for its seeder's uplink, and each piece that leaves it twice early is one that the crowd gets later. So
// the seeder tells those it serves what is taken, asked for by one leecher who will pass it on, and declines a request
// for a piece that another was given while there are pieces that nobody was given. It declines each piece once to each
// leecher: a hint and not a refusal, so that who insists is served, and no leecher depends on what others do.
// When the one that was given a piece leaves before anybody has it, or nothing of it is sent after all, the piece is
// nobody's again.
//
// Who was given pieces first that nobody else has yet has a backlog: it passes on less than it is given. As with BEP
// 16, it had better be given no more for now, as long as others want something; choker sees to that.
//
// Pure; owned by serving while the share is complete. The methods that tell of a leecher are for those it knows.
// DESIGN: "A crowd".
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/bitmap.hpp"
#include "core/ids.hpp"

namespace shoal {

class first_copies {
 public:
  explicit first_copies(std::uint32_t piece_count);

  /// A peer that holds nothing yet, as choker calls it. `hears`: it understands hints, and is told them and declined;
  /// others are always served, and what they were given counts for nobody.
  void on_leecher(leecher_id leecher, bool hears);
  bool knows(leecher_id leecher) const { return leechers_.contains(leecher); }
  void on_leecher_gone(leecher_id leecher);
  /// `piece` is in range.
  void on_have(leecher_id leecher, piece_index piece);
  /// Replaces what it holds; piece_count bits.
  void on_holds(leecher_id leecher, const bitmap& pieces);
  /// Whether to serve a request for a part of the piece. If so, the piece is the leecher's.
  [[nodiscard]] bool on_request(leecher_id leecher, piece_index piece);
  /// A request that was to be served will not be: it was cancelled, or goes beyond a turn.
  void on_refused(leecher_id leecher, piece_index piece);

  /// A piece became taken, or nobody's again: to be told to all that hear but `owner`; that it is taken not to those
  /// who are choked, who hear all that is taken when their turn comes. Each change once.
  struct change {
    piece_index piece;
    bool taken = false;
    leecher_id owner;
  };
  std::optional<change> next_change();
  /// How many pieces a leecher was given first that nobody else has by now; none once every piece was given to
  /// somebody.
  struct backlog {
    leecher_id leecher;
    std::uint32_t pieces = 0;
  };
  /// A backlog that changed.
  std::optional<backlog> next_backlog();
  /// What is taken now by others: for a leecher that comes, or whose turn comes.
  std::vector<piece_index> taken(leecher_id but) const;

  void check_invariants() const;

 private:
  struct leecher_record {
    bool hears = false;
    bitmap held;
    bitmap declined;            ///< no bits before the first
    std::uint32_t backlog = 0;  ///< pieces whose first it is
  };
  struct piece_record {
    std::uint32_t holders = 0;
    std::optional<leecher_id> owner;  ///< was given it, and nobody holds it
    std::uint32_t asked = 0;          ///< requests of the owner that were served or are going to be
    std::optional<leecher_id> first;  ///< was given it first, and nobody else holds it
  };
  leecher_record& at(leecher_id leecher);
  void add_holder(leecher_id leecher, piece_index piece);
  void forget_first(piece_record& record);
  void tell_backlog(leecher_id leecher);
  void count_nobodys(bool more);
  /// What was its owner's is nobody's, and all are told.
  void return_piece(piece_index piece);
  void remove_holder(piece_index piece);

  std::vector<piece_record> pieces_;
  std::uint32_t nobodys_;  ///< pieces without holder and owner
  std::map<leecher_id, leecher_record> leechers_;
  std::deque<change> changes_;
  std::deque<leecher_id> backlogs_;  ///< of these it changed
};

}  // namespace shoal
