// Which complete shares may have changed on disk, as the kernel tells. These must be looked at at once.
//
// Looks at content that changes all the time take at most a tenth of the time. Part of library; content_looks asks it.
// run() until stop().
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

  /// Paths that may have changed and must be looked at now. The caller reports each look with on_looked().
  std::vector<std::string> take_changed();
  /// A look at `path` took so long.
  void on_looked(const std::string& path, duration took);
  /// Returns when a path must be looked at, after stop(), or at `deadline`. One waiter.
  awaitable<void> wait_until(time_point deadline);

 private:
  library_context& context_;
  event changed_now_;
  file_watch watch_;
  std::set<std::string> changed_;
  std::map<std::string, time_point> rests_;  ///< a path is not looked at again until then
};

}  // namespace shoal
