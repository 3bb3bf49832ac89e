// Runs a peer or a tracker on a network thread of its own, so that the main thread is free for people and
// signals.
//
// Node has open() -> result<void>, run() -> awaitable<void>, stop(). The host owns the context, the node and the
// thread. start() opens on the caller's thread. Any thread may call stop(). The destructor stops and joins.
#pragma once

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include "cmd/interrupt.hpp"
#include "core/error.hpp"
#include "net/task_group.hpp"
#include "observe/log.hpp"

namespace shoal {

template <class Node>
class node_host {
 public:
  /// A node that has not ended so long after stop() never will. The process then ends without it.
  static constexpr auto stop_time_max = std::chrono::seconds(10);

  template <class Options>
  explicit node_host(Options options)
      : finished_(::eventfd(0, EFD_CLOEXEC)), node_(make(std::move(options))), group_(context_.get_executor()) {
    if (finished_ < 0) throw std::system_error(errno, std::generic_category(), "cannot create an eventfd");
  }
  node_host(const node_host&) = delete;
  node_host& operator=(const node_host&) = delete;
  ~node_host() {
    stop();
    if (thread_.joinable()) {
      if (!wait(-1, static_cast<int>(std::chrono::milliseconds(stop_time_max).count()))) {
        log_error("the node does not stop: the process ends without it");
        std::_Exit(exit_code(errc::internal));
      }
      thread_.join();
    }
    ::close(finished_);
  }

  /// Opens the node and begins to run it. Call it once.
  result<void> start() {
    auto opened = node_.open();
    if (!opened) return opened.error();
    group_.spawn("node", node_.run());
    thread_ = std::thread([this] { serve(); });
    return {};
  }

  /// Asks the node to end. Returns at once.
  void stop() {
    if (!thread_.joinable() || std::exchange(stopping_, true)) return;
    asio::post(context_, [this] { node_.stop(); });
  }

  /// Readable once the node has ended.
  int finished_descriptor() const { return finished_; }
  bool finished() const { return wait(-1, 0); }
  /// Returns when the node has ended by itself or a signal has come.
  void wait_for(const interrupt& stop) const {
    while (!stop.raised() && !wait(stop.descriptor(), -1)) {
    }
  }

  const Node& node() const { return node_; }

 private:
  template <class Options>
  Node make(Options options) {
    if constexpr (std::is_constructible_v<Node, asio::io_context&, Options>) {
      return Node(context_, std::move(options));
    } else {
      return Node(context_.get_executor(), std::move(options));
    }
  }

  void serve() {
    // top -H and perf show the name.
    (void)::pthread_setname_np(::pthread_self(), "network");
    try {
      context_.run();
    } catch (const std::exception& e) {
      log_error("the node ends on an internal failure reason={}", e.what());
    }
    const std::uint64_t one = 1;
    if (::write(finished_, &one, sizeof one) < 0) log_error("cannot signal the end of the node");
  }

  // True once the node has ended; false after the time or when `other` is readable.
  bool wait(int other, int milliseconds) const {
    pollfd waits[2] = {{finished_, POLLIN, 0}, {other, POLLIN, 0}};
    ::poll(waits, 2, milliseconds);
    return (waits[0].revents & POLLIN) != 0;
  }

  int finished_;
  asio::io_context context_{1};
  Node node_;
  task_group group_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace shoal
