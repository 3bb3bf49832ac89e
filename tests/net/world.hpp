// One io_context for a test: everything of the test runs in it, and the test itself stands outside, waiting
// for conditions with a deadline.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>

#include "core/assert.hpp"
#include "core/time.hpp"
#include "net/task_group.hpp"
#include "net/use_tuple.hpp"
#include "observe/log.hpp"

namespace shoal::testing {

/// Far beyond what anything takes on a busy machine; only a broken test waits so long.
inline constexpr duration patience = std::chrono::seconds(10);

class world {
 public:
  asio::io_context context{1};
  task_group tasks{context.get_executor()};

  world() {
    // sendfile has no flag for it; the program ignores the signal as well.
    std::signal(SIGPIPE, SIG_IGN);
    SHOAL_ASSERT(start_log("off", log_format::text).has_value());
  }

  ~world() { (void)drain(); }

  asio::any_io_executor executor() { return context.get_executor(); }

  /// Runs the context until the condition holds; false if it does not in time.
  bool until(const std::function<bool()>& condition, duration limit = patience) {
    const time_point deadline = clock::now() + limit;
    while (!condition()) {
      if (context.stopped()) context.restart();
      if (context.run_one_until(deadline) == 0 && clock::now() >= deadline) return condition();
    }
    return true;
  }
  /// Runs a coroutine to its end; false if it does not end in time.
  bool finish(awaitable<void> body, duration limit = patience) {
    const auto done = std::make_shared<bool>(false);
    tasks.spawn("test", flag(std::move(body), done));
    return until([&] { return *done; }, limit);
  }
  /// After everything was told to stop: false if something still runs.
  bool drain() {
    return until([this] { return tasks.size() == 0; });
  }

 private:
  static awaitable<void> flag(awaitable<void> body, std::shared_ptr<bool> done) {
    co_await std::move(body);
    *done = true;
  }
};

}  // namespace shoal::testing
