// How many descriptors of each kind one process may hold, so that all kinds together stay below its limit and none
// takes the place of another.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

struct descriptor_budget {
  /// Sessions with peers. A download that has sessions holds three descriptors of its own (store/partial_place); one
  /// that waits holds none.
  std::size_t sessions = 0;
  std::size_t files = 0;      ///< open files of all shares
  std::size_t dials = 0;      ///< connections that are being opened
  std::size_t greetings = 0;  ///< incoming connections that have not said for which share they come
  std::size_t control = 0;    ///< connections to the control socket
};

/// The parts of a process that may hold `limit` descriptors. From about 6,200 on each is as large as it needs to be.
descriptor_budget budget_of(std::uint64_t limit);

/// Raises the soft limit of the process to the hard one (getrlimit(2), RLIMIT_NOFILE) and gives what it is then.
std::uint64_t raise_descriptor_limit();

}  // namespace shoal
