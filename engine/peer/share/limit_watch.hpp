// Watches what holds one download up: takes the samples of policy/bottleneck, and keeps what follows from them.
//
// Owned by download, which calls it several times a second; on the network thread only.
#pragma once

#include <cstdint>
#include <map>

#include "core/time.hpp"
#include "peer/session/processor_load.hpp"
#include "peer/share/source_list.hpp"
#include "peer/share/store_queue.hpp"
#include "policy/bottleneck.hpp"
#include "policy/transfer.hpp"

namespace shoal {

class limit_watch {
 public:
  explicit limit_watch(processor_load& processor) : processor_(processor) {}

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
  /// Nothing is measured now: there is no source.
  void rest() { last_at_ = {}; }

  /// As of the last sample.
  const bottleneck::finding& found() const { return found_; }

 private:
  bottleneck samples_;
  bottleneck::finding found_;
  processor_load& processor_;
  time_point last_at_{};
  std::map<source_id, std::uint64_t> received_;  ///< by source, at last_at_
  store_queue::work_done done_;                  ///< at last_at_
  double best_ = 0;                              ///< the highest rate that was found, bytes per second
};

}  // namespace shoal
