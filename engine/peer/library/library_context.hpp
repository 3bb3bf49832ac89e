// What all parts of a peer's library share: the peer, the settings, the tasks, and whether the library still runs.
//
// Says which content is there for readers alone. Owned by library; outlives the parts.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "content/publication.hpp"
#include "content/trust_list.hpp"
#include "net/notifier.hpp"
#include "net/task_group.hpp"
#include "peer/discovery/discovery.hpp"
#include "peer/session/peer_context.hpp"

namespace shoal {

class share;

struct library_settings {
  std::string state_path;                           ///< never shared; "" if nothing is written
  std::string download_directory;                   ///< where a download goes that names no directory; absolute
  publisher_id publisher;                           ///< of content that is added here
  std::vector<std::string> shares;                  ///< paths to add at the start
  bool follow = false;                              ///< share their new versions when they change
  trust_list trust{};                               ///< whose names are taken; empty: everybody's
  std::function<void(const share&)> on_complete{};  ///< a download is complete; may be empty
  std::string read_directory{};                     ///< of library/read_cache, without symlinks; "" if it is off
  std::uint64_t read_bytes_max = 0;                 ///< that it keeps
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
  asio::thread_pool& looks;  ///< a thread of its own, so a disk that does not answer holds up only the looking
  class discovery& discovery;
  notifier& changes;  ///< notified by the lists, and when a download ended or nothing of a stopped share runs any more
  const library_settings settings;
  task_group tasks;  ///< tasks that run until they are done; library joins them

  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  /// What lies at this path, or in this directory, is there for readers: nobody added or downloaded it.
  bool is_for_readers(std::string_view path) const {
    return !settings.read_directory.empty() && path.starts_with(settings.read_directory + "/");
  }

 private:
  bool stopped_ = false;
};

}  // namespace shoal
