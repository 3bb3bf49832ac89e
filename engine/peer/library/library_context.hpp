// What all parts of a peer's library use together, and whether it still runs. Owned by library, outlives the parts.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <string>
#include <utility>
#include <vector>

#include "content/publication.hpp"
#include "net/notifier.hpp"
#include "net/task_group.hpp"
#include "peer/discovery/discovery.hpp"
#include "peer/session/peer_context.hpp"

namespace shoal {

struct library_settings {
  std::string state_path;           ///< is never shared; "" if nothing is written
  std::string download_directory;   ///< where a download goes that names no other; absolute
  publisher_id publisher;           ///< of what is added here
  std::vector<std::string> shares;  ///< paths to add at the start
  bool follow = false;              ///< share their new versions by itself
};

class library_context {
 public:
  library_context(peer_context& with, asio::thread_pool& looking, class discovery& swarm, notifier& told,
                  library_settings chosen)
      : peer(with),
        looks(looking),
        discovery(swarm),
        changes(told),
        settings(std::move(chosen)),
        tasks(with.executor) {}

  peer_context& peer;
  asio::thread_pool& looks;  ///< a thread of its own: a disk that does not answer holds up nothing but the looking
  class discovery& discovery;
  notifier& changes;  ///< told when a download ended, or nothing of a stopped share runs any more, and by the lists
  const library_settings settings;
  task_group tasks;  ///< for what runs until it is done; joined by library

  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  bool stopped_ = false;
};

}  // namespace shoal
