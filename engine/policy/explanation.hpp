// What the sources of a transfer do, one by one and in numbers. Whoever shows it makes the words.
//
// Pure values; transfer::activity() and transfer::explain() compute them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal {

/// What one source does. The first of these that is true.
enum class source_activity : std::uint8_t {
  silent,      ///< was asked, and did not answer within the deadline
  without,     ///< has nothing that is missing here
  choking,     ///< serves others first (BEP 3)
  rejecting,   ///< refuses what it is asked for (BEP 6)
  limited,     ///< is not read, because a limit of ours holds it up
  delivering,  ///< owes an answer that is not late
  idle,        ///< was not asked
};

/// "choking" for source_activity::choking.
std::string_view name_of(source_activity doing);

struct explanation {
  std::size_t sources = 0;
  // Each source counts once. A source that none of these counts may still answer, or was not asked yet.
  std::size_t silent = 0;
  std::size_t without = 0;
  std::size_t choking = 0;
  std::size_t rejecting = 0;
  double rate = 0;  ///< bytes per second, all sources together
  std::uint64_t bytes_missing = 0;
};

}  // namespace shoal
