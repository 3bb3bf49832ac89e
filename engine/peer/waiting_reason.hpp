// Why nothing arrives although peers are connected, in one sentence for people. Pure; for the download.
#pragma once

#include <cstddef>
#include <string>

namespace shoal {

/// The connected peers of a download that waits, each counted once.
struct waiting_counts {
  std::size_t connected = 0;
  std::size_t silent = 0;     ///< asked, and no answer within the deadline
  std::size_t choking = 0;    ///< serve others first (BEP 3: choked)
  std::size_t rejecting = 0;  ///< refuse what they are asked for (BEP 6)
  std::size_t without = 0;    ///< have nothing that is missing here
};

/// "nothing arrives: of 5 connected peers, 3 serve others first and 2 have nothing that is missing here". Names only
/// what there is; who is not counted owes an answer that is not late yet.
std::string waiting_reason(const waiting_counts& counts);

}  // namespace shoal
