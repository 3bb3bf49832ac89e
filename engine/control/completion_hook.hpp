// Runs a command of the user for each download that becomes complete.
//
// The command comes from the settings of this machine alone, as a program and its arguments; no shell reads it. What is
// said of the download stands in environment variables, so a name cannot be taken for an option: SHOAL_ID, SHOAL_NAME,
// SHOAL_PATH, SHOAL_BYTES. Commands run one after the other. One that runs when the peer ends goes on alone. Owned by
// peer_service; run() until stop(), on the network thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "net/event.hpp"

namespace shoal {

class share;

/// Downloads that wait for their command. Further ones are left out, and the log says so.
inline constexpr std::size_t completions_waiting_max = 10'000;

class completion_hook {
 public:
  /// `command`: the program and its arguments; empty: nothing is run.
  completion_hook(asio::any_io_executor executor, std::vector<std::string> command);

  /// Checks a program that is given as a path. A bare name is looked up in PATH when it runs. errc::not_found or
  /// permission.
  result<void> check() const;
  /// The download of the share is complete.
  void on_complete(const share& which);
  /// `background` starts the commands.
  awaitable<void> run(asio::thread_pool& background);
  void stop();

 private:
  awaitable<void> run_command(asio::thread_pool& background, std::vector<std::string> facts);

  std::vector<std::string> command_;
  std::deque<std::vector<std::string>> waiting_;  ///< environment variables
  event changed_;
  asio::posix::stream_descriptor child_;  ///< a pidfd
  bool stopped_ = false;
};

}  // namespace shoal
