// What holds a download up, in one sentence for people. Pure; for the download.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bitmap.hpp"
#include "core/time.hpp"
#include "policy/bottleneck.hpp"
#include "policy/explanation.hpp"

namespace shoal {

/// What holds a download up, measured.
struct limit_report {
  std::string cause;    ///< one word; rows::why lists them
  std::string text;     ///< for people
  double rate = 0;      ///< bytes per second that it reaches
  double possible = 0;  ///< bytes per second that the cause lets through; 0: not measured
};

/// While something arrives.
struct limit_facts {
  bottleneck::finding found;
  std::vector<std::string> from = {};  ///< addresses of found.sources: "HOST:PORT"
  explanation sources = {};
  bool limit_of_share = false;  ///< our limit is that of the share
};
/// The cause, and the text: "the uplinks of 3 sources, which bring 2.40 MB/s together: …; 2 more serve others first".
limit_report report_of(const limit_facts& about);

/// Missing pieces that no connected peer has.
struct lacking_pieces {
  bitmap pieces = {};
  std::uint64_t bytes = 0;
  std::vector<std::string> files = {};  ///< printable paths of some of the files that they are of
  std::size_t more_files = 0;           ///< files that are not named
  std::string last_holder = {};         ///< address of who had some of them last; "" if nobody did
  duration gone_for{};                  ///< since that one left
};
/// Files that lacking_text() names.
inline constexpr std::size_t lacking_files_max = 3;
/// "nobody who is connected has 3 pieces (3, 5-6; 1.50 MB of a.bin); 10.0.0.2:7001 had them last and left 12 s ago".
std::string lacking_text(const lacking_pieces& about);

}  // namespace shoal
