// The trackers and peers that the words of a download bring along, for a process without another way into a swarm.
//
// Looks at links and files before there is a peer. The download reports what is wrong with them.
#pragma once

#include <string>
#include <vector>

#include "cmd/torrent_file.hpp"
#include "content/way_in.hpp"

namespace shoal {

/// The ways in of all words together. Empty for names, and for files that cannot be read.
way_in way_in_of(const std::vector<std::string>& words, torrent_arguments& torrents);

}  // namespace shoal
