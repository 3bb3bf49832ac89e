// One info dictionary under collection, of a size that some sources claim (BEP 9).
//
// Its pieces come from all of those sources at first. If what they make has the wrong hash it is collected
// again whole from one source at a time, so that a wrong one names its liar. Memory grows with the data that
// comes, never with what is claimed. Pure; owned by metadata_fetch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"

namespace shoal {

/// One piece of an info dictionary on the wire (BEP 9).
inline constexpr std::uint32_t info_piece_bytes = 16 * KiB;

class info_assembly {
 public:
  /// `total_bytes` > 0.
  explicit info_assembly(std::uint32_t total_bytes) : total_bytes_(total_bytes) {}

  /// The next piece to ask the source for, or nothing for now.
  std::optional<std::uint32_t> next_piece(source_id source);
  /// The source will not deliver the piece it was asked for (in time).
  void on_given_back(std::uint32_t piece);
  /// False if the data does not have the size that the piece must have.
  bool on_piece(source_id source, std::uint32_t piece, byte_view data);
  /// The source cannot be asked any more, at least for now.
  void on_source_lost(source_id source);

  bool complete() const { return data_.size() == piece_count(); }
  byte_buffer join() const;
  /// What join() gave has the wrong hash. The one who sent all of it, if it was one; everything is collected
  /// again.
  std::optional<source_id> on_wrong();
  /// Anything was asked for or came.
  bool begun() const { return next_ > 0; }

  void check_invariants() const;

 private:
  struct part {
    source_id sender;
    byte_buffer data;
  };

  std::uint32_t piece_count() const { return (total_bytes_ - 1) / info_piece_bytes + 1; }
  std::uint32_t piece_size(std::uint32_t piece) const;
  void begin_again();

  std::uint32_t total_bytes_;
  std::uint32_t next_ = 0;  ///< pieces from here on were never asked for
  std::set<std::uint32_t> given_back_;
  std::map<std::uint32_t, part> data_;
  bool exclusive_ = false;
  std::optional<source_id> owner_;  ///< the only one that is asked, if exclusive
};

}  // namespace shoal
