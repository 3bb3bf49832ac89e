// Somebody who connects to a peer of a fuzzer over loopback, and says anything.
//
// Each comes from another address of 127.0.0.0/8, so that no ban, place or budget of one input counts for the next. It
// does not use the coroutines of the world: hear() and say() run them.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/net/world.hpp"

namespace shoal::testing {

class stranger {
 public:
  stranger(world& in, const tcp::endpoint& peer) : world_(in), socket_(in.context) {
    static std::uint32_t number = 0;
    ++number;
    socket_.open(tcp::v4(), ec_);
    socket_.bind({asio::ip::address_v4(0x7f000000u + 0x100u + number % 0xfffe00u), 0}, ec_);
    socket_.connect(peer, ec_);
    if (!ec_) socket_.non_blocking(true, ec_);
  }

  /// False: this machine has no port left.
  bool connected() const { return !ec_; }
  /// Says it, or as much as the peer takes in a tenth of a second.
  void say(std::span<const std::uint8_t> bytes) {
    const time_point deadline = clock::now() + std::chrono::milliseconds(100);
    error_code ec;
    while (!bytes.empty() && !ec && clock::now() < deadline) {
      bytes = bytes.subspan(socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec));
      if (ec == asio::error::would_block) ec = {};
      (void)hear();
    }
  }
  /// Lets the peers work, and reads what there is. True if the connection is over.
  bool hear() {
    world_.context.restart();
    world_.context.poll();
    error_code ec;
    bytes_heard_ += socket_.read_some(asio::buffer(heard_), ec);
    return ec && ec != asio::error::would_block;
  }
  std::size_t bytes_heard() const { return bytes_heard_; }

 private:
  world& world_;
  tcp::socket socket_;
  error_code ec_;
  std::array<std::uint8_t, 65536> heard_{};
  std::size_t bytes_heard_ = 0;
};

}  // namespace shoal::testing
