// What holds a download up, in one sentence for people. Pure; for the download.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "policy/bottleneck.hpp"
#include "policy/explanation.hpp"

namespace shoal {

/// While something arrives: "the uplinks of 3 sources, which bring 2.40 MB/s; 2 more serve others first".
struct limit_facts {
  bottleneck::finding found;
  std::vector<std::string> from = {};  ///< addresses of found.sources
  explanation sources = {};
  bool limit_of_share = false;  ///< our limit is that of the share
};
std::string limit_text(const limit_facts& about);

/// Missing pieces that no connected peer has.
struct lacking_pieces {
  std::vector<std::uint32_t> pieces = {};  ///< their numbers, in order
  std::uint64_t bytes = 0;
  std::vector<std::string> files = {};  ///< printable paths of the files that they are of
  std::string last_holder = {};         ///< address of who had some of them last; "" if nobody did
  duration gone_for{};                  ///< since that one left
};
/// "nobody who is connected has 3 pieces (3, 5-6; 1.50 MB of a.bin); 10.0.0.2:7001 had them last and left 12 s ago".
std::string lacking_text(const lacking_pieces& about);

}  // namespace shoal
