// The rows of a peer: what people see of it at this moment (control/rows.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "content/trust_list.hpp"
#include "control/rows.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "directory/tracking.hpp"

namespace shoal {

/// What a peer hashes may be thousands of shares. A row that tells of the peer shows so many.
inline constexpr std::size_t hashing_shown_max = 8;

class peer_node;
class share;
struct added_share;

rows::download row_of(const share& which);
rows::added row_of(const added_share& added);
/// What holds its download up.
rows::why why_row(const share& which);
rows::status status_of(const peer_node& node);
/// The shares whose names match `glob`; without `versions` only the newest of each name.
std::vector<rows::listed_share> listed_shares(const peer_node& node, const std::string& glob, bool versions,
                                              const trust_list& trust);
/// The peers that the trackers list; in a large swarm they only count most of them.
std::vector<rows::listed_peer> listed_peers(const peer_node& node);
std::vector<rows::listed_peer> rows_of(const peer_node& node, const std::vector<tracking::peer_row>& peers);
/// The keys that this peer knows, and those that these peers joined with.
std::vector<rows::swarm_key> known_keys(const peer_node& node, const std::vector<tracking::peer_row>& peers);
/// The trackers that were tried and are not connected.
std::vector<rows::away> trackers_away(const peer_node& node);
/// `good`: the pieces that match their hashes.
rows::verified verified_row(const share& which, const bitmap& good);

/// Marks the row of a download that failed beside others.
void mark_failed(rows::download& row, const error& why);
void mark_failed(rows::added& row, const error& why);

}  // namespace shoal
