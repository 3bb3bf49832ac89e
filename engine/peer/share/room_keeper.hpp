// Looks after the disk of a download that has no room left, and says so.
//
// The download asks nobody for anything while waiting() is true, and loses nothing: what could not be written is asked
// for again. Owned by download; on the network thread only. policy/room_wait decides when the download goes on.
#pragma once

#include <string>

#include "core/error.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/share_content.hpp"
#include "policy/room_wait.hpp"

namespace shoal {

class room_keeper {
 public:
  /// Sets `wake` when the download can go on. All outlive this.
  room_keeper(peer_context& context, const share_content& content, std::string directory, task_group& tasks,
              event& wake)
      : context_(context), content_(content), directory_(std::move(directory)), tasks_(tasks), wake_(wake) {}

  /// A write failed with errc::no_space.
  void on_full(const error& why);
  void on_stored() { wait_.on_stored(); }
  /// Looks at the disk, if it is time.
  void look(time_point now);
  bool waiting() const { return wait_.waiting(); }

  /// Something other than a write found no room. It is tried again after room_look_interval; then call on_passed().
  void on_refused(const error& why);
  void on_passed() { refused_ = false; }

  /// What is waited for, in words; empty if nothing is.
  std::string reason() const;

 private:
  awaitable<void> look_at_disk();

  peer_context& context_;
  const share_content& content_;
  std::string directory_;
  task_group& tasks_;
  event& wake_;
  room_wait wait_;
  error why_;
  bool looking_ = false;
  bool refused_ = false;
  log_limit refusals_logged_{1};
};

}  // namespace shoal
