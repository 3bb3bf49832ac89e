// How many descriptors of each kind one process may hold. All kinds together stay below the limit of the process, and
// no kind takes the place of another.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

struct descriptor_budget {
  /// Sessions with peers. A download with sessions holds three descriptors of its own (store/partial_place). A download
  /// that waits holds none.
  std::size_t sessions = 0;
  std::size_t files = 0;      ///< open files of all shares
  std::size_t dials = 0;      ///< connections that are being opened
  std::size_t greetings = 0;  ///< incoming connections that have not yet named their share
  std::size_t control = 0;    ///< connections to the control socket
  std::size_t http = 0;       ///< connections that speak HTTP
};

/// Shares out `limit` descriptors. From about 6,200 on, each part is as large as it needs to be.
descriptor_budget budget_of(std::uint64_t limit);

/// Raises the soft limit of the process to the hard one (getrlimit(2), RLIMIT_NOFILE), and returns the new limit.
std::uint64_t raise_descriptor_limit();

}  // namespace shoal
