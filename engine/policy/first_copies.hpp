// Which pieces a seeder has given to nobody yet. The seeder sends every piece once before it sends a piece twice.
//
// A crowd waits for its seeder's uplink. Each piece that leaves the seeder twice early delays the crowd by one piece.
// So the seeder keeps these rules:
// - A piece is *taken* when one leecher has asked for it and will pass it on. The seeder tells its leechers what is
//   taken.
// - The seeder declines a request for a piece that another leecher was given, while some pieces are nobody's yet.
// - The seeder declines each piece at most once to each leecher. A decline is a hint, not a refusal: a leecher that
//   asks again is served. So no leecher depends on what other leechers do.
// - A taken piece is nobody's again in two cases: its leecher leaves before anybody has the piece, or the seeder sends
//   nothing of it after all.
//
// A leecher's backlog is the pieces that it was given first and that nobody else has yet. A leecher with a backlog
// passes on less than it is given. As with BEP 16, choker gives such a leecher no more while others want something.
//
// Pure. `serving` owns it while the share is complete. Methods that take a leecher_id expect a leecher that
// on_leecher() named. DESIGN: "A crowd".
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

  /// Adds a peer that holds nothing yet; choker made its id. `hears`: the peer understands hints. Such a peer is told
  /// hints, and its requests may be declined. Another peer is always served, and what it was given counts for nobody.
  void on_leecher(leecher_id leecher, bool hears);
  bool knows(leecher_id leecher) const { return leechers_.contains(leecher); }
  void on_leecher_gone(leecher_id leecher);
  /// `piece` is in range.
  void on_have(leecher_id leecher, piece_index piece);
  /// Replaces what it holds; piece_count bits.
  void on_holds(leecher_id leecher, const bitmap& pieces);
  /// Whether to serve a request for a part of the piece. If true, the piece is the leecher's from now on.
  [[nodiscard]] bool on_request(leecher_id leecher, piece_index piece);
  /// A request that on_request() granted will not be served: it was cancelled, or it goes beyond a turn.
  void on_refused(leecher_id leecher, piece_index piece);

  /// A piece became taken, or became nobody's again. The caller tells all that hear hints, except `owner`. The caller
  /// tells a choked leecher only that a piece is nobody's again: it hears all taken pieces when its turn comes. Each
  /// change is returned once.
  struct change {
    piece_index piece;
    bool taken = false;
    leecher_id owner;
  };
  std::optional<change> next_change();
  /// How many pieces a leecher was given first that nobody else has yet. Zero once every piece was given to somebody.
  struct backlog {
    leecher_id leecher;
    std::uint32_t pieces = 0;
  };
  /// The next backlog that changed.
  std::optional<backlog> next_backlog();
  /// The pieces that leechers other than `but` have taken. For a leecher that comes, or whose turn comes.
  std::vector<piece_index> taken(leecher_id but) const;

  void check_invariants() const;

 private:
  struct leecher_record {
    bool hears = false;
    bitmap held;
    bitmap declined;            ///< empty until the first decline
    std::uint32_t backlog = 0;  ///< pieces that it was given first
  };
  struct piece_record {
    std::uint32_t holders = 0;
    std::optional<leecher_id> owner;  ///< was given the piece; nobody holds it yet
    std::uint32_t asked = 0;          ///< requests of the owner that were granted and not refused since
    std::optional<leecher_id> first;  ///< was given the piece first; nobody else holds it
  };
  leecher_record& at(leecher_id leecher);
  void add_holder(leecher_id leecher, piece_index piece);
  void forget_first(piece_record& record);
  void tell_backlog(leecher_id leecher);
  void count_nobodys(bool more);
  /// The owner's piece becomes nobody's, and all are told.
  void return_piece(piece_index piece);
  void remove_holder(piece_index piece);

  std::vector<piece_record> pieces_;
  std::uint32_t nobodys_;  ///< pieces without holder and owner
  std::map<leecher_id, leecher_record> leechers_;
  std::deque<change> changes_;
  std::deque<leecher_id> backlogs_;  ///< leechers whose backlog changed
};

}  // namespace shoal
