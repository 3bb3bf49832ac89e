// Owns the coroutines that it spawns: the only way in the project to start one.
//
// If a child throws, the log says so with the child's name, and the process goes on. (Children do not throw in normal
// operation.) join() returns after the last child. Before the group is destroyed, it must be joined or empty. Belongs
// to one io_context; only its thread touches it.
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

  /// Runs `body` up to its first suspension before it returns, so change your own state first. The log shows `name` if
  /// `body` throws. Everything that `body` refers to lives until join() has returned.
  void spawn(std::string name, awaitable<void> body);
  /// Waits until no child is left, including children that are spawned meanwhile. One waiter.
  awaitable<void> join();
  std::size_t size() const { return children_.size(); }

 private:
  asio::any_io_executor executor_;
  std::list<std::string> children_;
  event idle_;
};

}  // namespace shoal
