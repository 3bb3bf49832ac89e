// One share as a decision maker about its leechers: whom to serve, what to decline, what to tell them.
//
// The mirror of transfer. Composes choker, which has upload_places, and first_copies, and is the driver's only door to
// them. The driver reports what happened with on_*(…, now), then does what next_order() says until it says nothing, and
// calls on_deadline(now) at next_deadline(). No I/O, no clock, no log, no randomness. Used by peer/share/share in the
// product and by the simulator. DESIGN: "A crowd".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "content/geometry.hpp"
#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/choker.hpp"
#include "policy/first_copies.hpp"

namespace shoal {

class serving {
 public:
  explicit serving(const geometry& shape)
      : piece_count_(shape.piece_count()),
        turn_bytes_(turn_chunks * shape.chunk_bytes()),
        choker_(shape.chunk_bytes()) {}

  // What happened.

  /// A peer that is not interested (BEP 3) and holds nothing, as far as is known. `round_trip`: to the peer and back,
  /// zero if unknown. Ids count up from 0.
  leecher_id on_leecher(duration round_trip, time_point now);
  void on_leecher_gone(leecher_id leecher, time_point now);
  void on_interested(leecher_id leecher, bool interested, time_point now);
  /// What the peer holds became known, or all of it is said anew; piece_count bits. `hears`: it understands hints.
  void on_holds(leecher_id leecher, const bitmap& pieces, bool hears);
  /// `piece` is in range.
  void on_have(leecher_id leecher, piece_index piece);
  /// Whether to serve what the peer asks for. If not, the request is to be rejected: the peer is choked, or another was
  /// given the piece.
  [[nodiscard]] bool on_request(leecher_id leecher, const byte_range& range, time_point now);
  /// The payload of a request that was to be served was sent.
  void on_sent(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// Requests that were to be served will not be: they were cancelled, or go beyond a turn.
  void on_refused(leecher_id leecher, std::span<const byte_range> ranges, time_point now);
  /// We hold everything from now on. Of each leecher on_holds() says then what it holds.
  void on_seeding(time_point now);
  void on_deadline(time_point now);
  time_point next_deadline() const { return choker_.next_deadline(); }

  // What to do.

  /// What to tell a leecher.
  struct order {
    enum class kind : std::uint8_t {
      choke,     ///< and reject what it asked for beyond turn_bytes(): on_refused()
      unchoke,   ///< where links are busy its round trip is known only now: on_round_trip()
      taken,     ///< another leecher was given `piece`
      returned,  ///< and will not have it after all
    };
    kind what = kind::choke;
    leecher_id leecher;
    piece_index piece{};
  };
  /// Each order once, in the order in which they are to be told.
  std::optional<order> next_order(time_point now);
  /// What a leecher is served still after it was choked.
  std::uint64_t turn_bytes() const { return turn_bytes_; }
  /// It is known better. Counts from the leecher's next turn on.
  void on_round_trip(leecher_id leecher, duration round_trip) { choker_.on_round_trip(leecher, round_trip); }

  void check_invariants() const;

 private:
  /// Whether it is told hints.
  bool knows(leecher_id leecher) const { return copies_ && copies_->knows(leecher); }
  void tell_taken(leecher_id leecher);
  void spread_hints();

  std::uint32_t piece_count_;
  std::uint64_t turn_bytes_;
  choker choker_;
  std::optional<first_copies> copies_;  ///< while we hold everything
  std::vector<leecher_id> hearers_;     ///< those that copies_ knows, as they came
  std::deque<order> orders_;
};

}  // namespace shoal
