// Which complete shares may have changed on disk, as the kernel tells: they are to be looked at at once.
//
// What changes all the time is looked at in a tenth of it. Part of library; content_looks asks it. run() until stop().
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "net/event.hpp"
#include "net/file_watch.hpp"
#include "peer/library/library_context.hpp"

namespace shoal {

class content_watch {
 public:
  explicit content_watch(library_context& context);

  awaitable<void> run() { return watch_.run(); }
  void stop();

  /// Watches the content of a complete share at `path`, instead of what was watched there.
  void add(const std::string& path, const metainfo& info);
  void remove(const std::string& path) { watch_.remove(path); }

  /// Paths that may have changed and are to be looked at now; on_looked() says for each that it was.
  std::vector<std::string> take_changed();
  /// It took so long.
  void on_looked(const std::string& path, duration took);
  /// Until something is to be looked at, stop() was called, or `deadline`. One waiter.
  awaitable<void> wait_until(time_point deadline);

 private:
  library_context& context_;
  event changed_now_;
  file_watch watch_;
  std::set<std::string> changed_;
  std::map<std::string, time_point> rests_;  ///< until when a path is not looked at again
};

}  // namespace shoal
