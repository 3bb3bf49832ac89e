// Decides for one share about its leechers: whom to serve, what to decline, what to tell them.
//
// The mirror of transfer. Composes first_copies and choker, which composes upload_places. It is the driver's only door
// to them. The driver does three things:
// 1. It reports what happened with on_*(…, now).
// 2. It then carries out what next_order() returns, until next_order() returns nothing.
// 3. It calls on_deadline(now) at next_deadline().
//
// No I/O, no clock, no log, no randomness. The product (peer/share/share) and the simulator use it. DESIGN: "A crowd".
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

  /// Adds a peer that is not interested (BEP 3) and holds nothing, as far as is known. `round_trip`: to the peer and
  /// back, zero if unknown. Ids count up from 0.
  leecher_id on_leecher(duration round_trip, time_point now);
  void on_leecher_gone(leecher_id leecher, time_point now);
  void on_interested(leecher_id leecher, bool interested, time_point now);
  /// The peer said what it holds, for the first time or anew. `pieces` has piece_count bits. `hears`: the peer
  /// understands hints.
  void on_holds(leecher_id leecher, const bitmap& pieces, bool hears);
  /// `piece` is in range.
  void on_have(leecher_id leecher, piece_index piece);
  /// Whether to serve the request. If false, the driver rejects it: the peer is choked, or another peer was given the
  /// piece.
  [[nodiscard]] bool on_request(leecher_id leecher, const byte_range& range, time_point now);
  /// The payload of a granted request was sent.
  void on_sent(leecher_id leecher, std::uint32_t bytes, time_point now);
  /// Granted requests will not be served: they were cancelled, or they go beyond a turn.
  void on_refused(leecher_id leecher, std::span<const byte_range> ranges, time_point now);
  /// This node holds the whole share from now on. The driver then calls on_holds() for each leecher.
  void on_seeding(time_point now);
  void on_deadline(time_point now);
  time_point next_deadline() const { return choker_.next_deadline(); }

  // What to do.

  /// What to tell a leecher.
  struct order {
    enum class kind : std::uint8_t {
      choke,     ///< also reject requests beyond turn_bytes(), and report them with on_refused()
      unchoke,   ///< measure the round trip where links are busy, and report it with on_round_trip()
      taken,     ///< another leecher was given `piece`
      returned,  ///< the leecher that was given `piece` will not have it after all
    };
    kind what = kind::choke;
    leecher_id leecher;
    piece_index piece{};
  };
  /// The next order. Each order is returned once, in the order in which leechers are to be told.
  std::optional<order> next_order(time_point now);
  /// Bytes that a leecher is still served after it was choked.
  std::uint64_t turn_bytes() const { return turn_bytes_; }
  /// The round trip is known better now. It counts from the leecher's next turn on.
  void on_round_trip(leecher_id leecher, duration round_trip) { choker_.on_round_trip(leecher, round_trip); }

  void check_invariants() const;

 private:
  /// Whether first_copies knows the leecher.
  bool knows(leecher_id leecher) const { return copies_ && copies_->knows(leecher); }
  void tell_taken(leecher_id leecher);
  void spread_hints();

  std::uint32_t piece_count_;
  std::uint64_t turn_bytes_;
  choker choker_;
  std::optional<first_copies> copies_;  ///< while we hold everything
  std::vector<leecher_id> hearers_;     ///< the leechers that copies_ knows, in the order in which they came
  std::deque<order> orders_;
};

}  // namespace shoal
