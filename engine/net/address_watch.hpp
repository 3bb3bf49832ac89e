// Tells when this machine gains or loses an IP address (rtnetlink(7)). So connections over an address that is gone need
// not be silent for long before anybody notices.
//
// Where there is no netlink, it tells nothing, and silence must show the loss. Owned by peer_node, on its context.
// run() until stop().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <span>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

struct address_change {
  asio::ip::address address;
  bool gone = false;  ///< false: the address is new
  friend bool operator==(const address_change&, const address_change&) = default;
};

/// What the messages of one datagram say (struct nlmsghdr, ifaddrmsg, rtattr). Other messages are skipped. Reading ends
/// at a message that does not parse.
std::vector<address_change> parse_address_changes(byte_view datagram);

class address_watch {
 public:
  address_watch(asio::any_io_executor executor, std::function<void(const address_change&)> on_change);

  /// errc::internal if the kernel does not tell of addresses.
  result<void> open();
  awaitable<void> run();
  void stop();

 private:
  bool read_changes();

  std::function<void(const address_change&)> on_change_;
  asio::posix::stream_descriptor socket_;
};

}  // namespace shoal
