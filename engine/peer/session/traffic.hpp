// Payload that a peer sent and received, of all shares together, and how fast it sends.
//
// Part of peer_node; sessions and downloads count. run() until stop().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>

#include "net/event.hpp"

namespace shoal {

class traffic {
 public:
  explicit traffic(asio::any_io_executor executor) : stop_asked_(std::move(executor)) {}

  /// Measures the rate.
  awaitable<void> run();
  void stop() {
    stopped_ = true;
    stop_asked_.set();
  }

  void on_sent(std::uint64_t bytes) { sent_ += bytes; }
  /// Payload that came twice counts twice.
  void on_received(std::uint64_t bytes) { received_ += bytes; }

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  /// Bytes per second over the last second or so.
  double upload_rate() const { return upload_rate_; }

 private:
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  double upload_rate_ = 0;
  event stop_asked_;
  bool stopped_ = false;
};

}  // namespace shoal
