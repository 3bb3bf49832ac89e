// Watches what holds one download up: takes the samples of policy/bottleneck, and keeps what follows from them.
//
// Owned by download, which calls it several times a second; on the network thread only.
#pragma once

#include <cstdint>
#include <map>

#include "core/time.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/source_list.hpp"
#include "peer/share/store_queue.hpp"
#include "policy/bottleneck.hpp"
#include "policy/transfer.hpp"

namespace shoal {

class limit_watch {
 public:
  /// The context outlives it.
  explicit limit_watch(peer_context& context) : context_(context) {}

  /// What a sample is taken of. `disk`: the source that is this disk, or null. `own_limit`: bytes per second, 0: none.
  /// `disk_behind`: see bottleneck.
  struct subject {
    const transfer& decides;
    const source_list& sources;
    const store_queue& stores;
    const source* disk = nullptr;
    std::uint64_t own_limit = 0;
    bool disk_behind = false;
  };
  /// Takes a sample when one is due.
  void look(const subject& at, time_point now);
  /// There is no source, and nothing to measure.
  void rest();

  /// As of the last sample.
  const bottleneck::finding& found() const { return found_; }

 private:
  bottleneck samples_;
  bottleneck::finding found_;
  peer_context& context_;
  time_point last_at_{};
  std::map<source_id, std::uint64_t> received_;  ///< by source, at last_at_
  store_queue::work_done done_;                  ///< at last_at_
  std::uint64_t received_by_all_ = 0;            ///< likewise, by all downloads of this peer
  std::uint64_t sent_ = 0;                       ///< likewise, by this peer
};

}  // namespace shoal
