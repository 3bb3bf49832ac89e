// What limits a transfer, in numbers. Whoever shows it makes the words.
//
// Pure value; transfer::explain() computes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

struct explanation {
  std::size_t sources = 0;
  // Each source counts once, for the first of these that is true. A source that none of them counts owes an answer that
  // is not late yet.
  std::size_t silent = 0;     ///< was asked, and did not answer within the deadline
  std::size_t without = 0;    ///< has nothing that is missing here
  std::size_t choking = 0;    ///< serves others first (BEP 3)
  std::size_t rejecting = 0;  ///< refuses what it is asked for (BEP 6)
  double rate = 0;            ///< bytes per second, all sources together
  std::uint64_t bytes_missing = 0;
};

}  // namespace shoal
