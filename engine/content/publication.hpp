// Who published a share, and when. This tells the versions of one name apart.
//
// It is not part of the info dictionary, so two machines with the same bytes hold one share. It travels with the
// catalogue, and every holder repeats what it heard. Nothing proves it: any peer of the swarm can claim anything. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/ids.hpp"

namespace shoal {

/// The end of the year 9999.
inline constexpr std::uint64_t publication_ms_max = 253'402'300'799'999;

struct publication {
  publisher_id publisher{};  ///< all zero: unknown
  std::uint64_t ms = 0;      ///< Unix time in milliseconds; 0: unknown

  bool known() const { return publisher != publisher_id{}; }
  friend bool operator==(const publication&, const publication&) = default;
};

/// Which of two claims about one share counts. The peer that published it first is its publisher. Of one publisher's
/// claims the later one counts, so that the publisher can go back to an old version.
publication merged(const publication& one, const publication& other);

/// Both are versions of one name by the same publisher, and the first is newer.
bool supersedes(const publication& one, const publication& other);

/// "2026-11-29 05:58:00 UTC"; empty if the time is unknown.
std::string time_text(const publication& of);

}  // namespace shoal
