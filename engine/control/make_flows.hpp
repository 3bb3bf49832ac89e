// The rows of a peer that say what moves (control/flow_rows.hpp), at this moment.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "control/flow_rows.hpp"
#include "core/bitmap.hpp"

namespace shoal {

class peer_node;
class share;

/// Text of all maps in one answer. A share of ours has a thousand pieces, and room for all sessions. One with millions
/// takes 700 KB a map.
inline constexpr std::size_t maps_bytes_max = std::size_t{4} * 1024 * 1024;

/// One row for each session that is open, sorted by the name of the share and then by the peer.
std::vector<rows::flow> flows_of(const peer_node& node);

/// Who has which pieces of a share whose metadata is known. The maps are bits: to turn them into text takes time.
struct held_pieces {
  rows::piece_map row;         ///< without maps
  std::vector<bitmap> pieces;  ///< of each holder
};
held_pieces pieces_of(const peer_node& node, share& which);
/// Bytes of all its maps as text.
std::size_t map_bytes_of(const share& which);
/// Needs nothing but its argument, so any thread may run it.
rows::piece_map with_maps(held_pieces from);

}  // namespace shoal
