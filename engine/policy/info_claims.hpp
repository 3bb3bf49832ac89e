// All info dictionaries under collection: one for each claimed size. Where a source lies, one for each source.
//
// 1. The sources that claim one size collect one dictionary together.
// 2. If it has the wrong hash, each of them collects a dictionary of its own from then on, beside the others.
// 3. An honest source is then as fast as if it were alone. A whole dictionary with the wrong hash names its liar.
//
// Claims of other sizes do not touch each other. claims_bytes_max bounds the data of all dictionaries together. Pure;
// owned by metadata_fetch.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/info_assembly.hpp"

namespace shoal {

/// Data of all dictionaries together. That is room for the largest dictionary that is taken (info_bytes_max, 128 MiB),
/// and for as much again of what others claim. A dictionary of 5 MiB (50,000 files) comes from 24 sources without
/// making room.
inline constexpr std::uint64_t claims_bytes_max = 256 * MiB;
/// When there is no more room, a dictionary that got no part for this long makes room for others.
inline constexpr duration claim_late_after = std::chrono::seconds(1);

class info_claims {
 public:
  explicit info_claims(const share_id& id, std::uint64_t bytes_max = claims_bytes_max)
      : share_(id), bytes_max_(bytes_max) {}

  /// The source claims a dictionary of `total_bytes` > 0.
  void on_source(source_id source, std::uint32_t total_bytes);
  /// The source is gone, or is not believed any more. Sources that claim nothing are ignored, here and below.
  void on_source_lost(source_id source);

  /// The next piece to ask the source for, as task_spread::next.
  std::optional<std::uint32_t> next_piece(source_id source, bool duplicate, time_point now);
  /// As task_spread::next_time.
  time_point next_time(source_id source, bool duplicate) const;
  void on_given_back(source_id source, std::uint32_t piece);

  enum class answer { kept, not_needed, wrong_size };
  answer on_piece(source_id source, std::uint32_t piece, byte_view data, time_point now);

  /// No other source can deliver what this source is asked for.
  bool alone(source_id source) const;
  /// The dictionary with the hash of the share, once it is there.
  std::optional<byte_buffer>& found() { return found_; }
  /// The next source that certainly sent wrong data.
  std::optional<source_id> next_liar();
  std::uint64_t held_bytes() const { return held_bytes_; }
  /// What the source was asked for; null if the source claims nothing.
  const task_spread* tasks(source_id source) const;

  void check_invariants() const;

 private:
  /// The sources that claim one size.
  struct claim {
    explicit claim(std::uint32_t total_bytes) : together(total_bytes) {}
    std::uint32_t sources = 0;
    bool apart = false;                      ///< each source collects its own
    info_assembly together;                  ///< unless apart
    std::map<source_id, info_assembly> own;  ///< one for each source, if apart
  };

  info_assembly* assembly(source_id source);
  const info_assembly* assembly(source_id source) const;
  template <class Function>
  void for_each_assembly(Function function) const;

  /// When `asking` has room for one more piece, at the expense of others if need be.
  time_point room_time(const info_assembly& asking) const;
  bool make_room(const info_assembly& asking, std::uint64_t bytes, time_point now);
  void examine(claim& done, source_id last);
  void take_apart(claim& wrong);

  share_id share_;
  std::uint64_t bytes_max_;
  std::uint64_t held_bytes_ = 0;
  std::map<source_id, std::uint32_t> sources_;  ///< the size that each source claims
  std::map<std::uint32_t, claim> claims_;
  std::optional<byte_buffer> found_;
  std::deque<source_id> liars_;
};

}  // namespace shoal
