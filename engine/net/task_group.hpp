// Owns the coroutines it spawns: the only way in the project to start one.
//
// A child that throws is reported to the log with its name, and the process goes on (children do not throw in normal
// operation). join() returns after the last child; the group must be joined, or empty, before it is destroyed. Belongs
// to one io_context and is touched only from its thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <list>
#include <string>

#include "net/event.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class task_group {
 public:
  explicit task_group(asio::any_io_executor executor) : executor_(executor), idle_(executor) {}
  ~task_group();
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Runs `body` up to its first suspension before it returns: change your own state first. `name` is in the log if
  /// it throws. Everything that `body` refers to lives until join() returned.
  void spawn(std::string name, awaitable<void> body);
  /// Waits until no child is left, those included that are spawned meanwhile. One waiter.
  awaitable<void> join();
  std::size_t size() const { return children_.size(); }

 private:
  asio::any_io_executor executor_;
  std::list<std::string> children_;
  event idle_;
};

}  // namespace shoal
