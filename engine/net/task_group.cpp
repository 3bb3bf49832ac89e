#include "net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "core/assert.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    log_error("task fails name={} error={}", name, e.what());
  } catch (...) {
    log_error("task fails name={} error=unknown", name);
  }
}

}  // namespace

task_group::~task_group() {
  SHOAL_ASSERT(children_.empty());
}

void task_group::spawn(std::string name, awaitable<void> body) {
  const auto child = children_.insert(children_.end(), std::move(name));
  auto done = [this, child](const std::exception_ptr& failure) {
    if (failure) report(*child, failure);
    // Posted, because the frame of the child is destroyed only after this handler.
    asio::post(executor_, [this, child] {
      children_.erase(child);
      if (children_.empty()) idle_.set();
    });
  };
  asio::co_spawn(executor_, std::move(body), std::move(done));
}

awaitable<void> task_group::join() {
  while (!children_.empty()) co_await idle_.wait();
}

}  // namespace shoal
