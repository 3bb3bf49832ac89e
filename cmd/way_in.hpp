// The trackers and peers that the words of a download bring along, for a process that has no other way into a swarm.
//
// Looks at links and files before a peer runs that could; what is wrong with them is told later, by whoever downloads.
#pragma once

#include <string>
#include <vector>

#include "cmd/torrent_file.hpp"
#include "content/way_in.hpp"

namespace shoal {

/// Of all words together; empty for names, and for what cannot be read.
way_in way_in_of(const std::vector<std::string>& words, torrent_arguments& torrents);

}  // namespace shoal
