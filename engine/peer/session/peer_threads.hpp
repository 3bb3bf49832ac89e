// The threads of a peer beside the network thread, which never waits for a disk. Owned by peer_node.
#pragma once

#include <algorithm>
#include <boost/asio/thread_pool.hpp>
#include <thread>

namespace shoal {

/// Threads for hashing and files. No machine has more cores, so a larger number is a typing error.
inline constexpr unsigned workers_max = 1024;

struct peer_threads {
  /// `wanted` workers; 0: one a core.
  explicit peer_threads(unsigned wanted)
      : worker_count(std::clamp(wanted != 0 ? wanted : std::thread::hardware_concurrency(), 1u, workers_max)),
        workers(worker_count) {}

  /// Returns when all threads have done their work. Call it before what they work on is destroyed.
  void join() {
    workers.join();
    background.join();
    looks.join();
  }

  const unsigned worker_count;
  boost::asio::thread_pool workers;        ///< hashing, reads and writes
  boost::asio::thread_pool background{1};  ///< the database, flushing, scanning
  boost::asio::thread_pool looks{1};       ///< a disk that does not answer holds up only the looking
};

}  // namespace shoal
