// "HOST:PORT" as people write it, and endpoints as the program prints them.
//
// Parsing takes any text, and errors name the text. Only functions that say so look up names.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address_group.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

struct host_port {
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 0;
};

/// The port of a tracker, for listening and connecting, if nobody says another.
inline constexpr std::uint16_t tracker_port_default = 7000;

/// "host:port", "192.0.2.1:80", "[2001:db8::1]:80", and forms that people paste: with blanks around, "http://", "ws://"
/// or "tcp://" in front, "/" or "/live" behind. If `default_port` is 0, the port is required. Otherwise "host", "[::1]"
/// and "::1" are allowed. errc::usage names the text and the form. "::1:80" is errc::usage, too: it can be read in two
/// ways.
result<host_port> parse_host_port(std::string_view text, std::uint16_t default_port = 0);

/// An address and a port, without looking up names: "127.0.0.1:0", "[::]:7000". ":7000", "*:7000" and "7000" mean all
/// addresses, IPv6 and IPv4. "localhost" means 127.0.0.1. Without a port it is `default_port`. Port 0 is any free port.
result<tcp::endpoint> parse_listen_endpoint(std::string_view text, std::uint16_t default_port = 0);

/// "host:80" or "[2001:db8::1]:80".
std::string to_text(const host_port& where);
/// "192.0.2.1:80" or "[2001:db8::1]:80". IPv4 addresses mapped into IPv6 are printed as IPv4.
std::string to_text(const tcp::endpoint& endpoint);
/// The one spelling of an address: mapped addresses as IPv4, without the scope of an address that needs none. Nothing
/// if the text is no address.
std::optional<std::string> plain_address_text(const std::string& text);
/// The address alone, mapped addresses as IPv4.
asio::ip::address plain_address(const tcp::endpoint& endpoint);

/// The origin of an address, mapped addresses as IPv4.
address_group group_of(const asio::ip::address& address);

/// Looks up a name, for at most `timeout`. Numeric addresses take no time. errc::unreachable names the host.
awaitable<result<std::vector<tcp::endpoint>>> resolve(host_port where, duration timeout);

}  // namespace shoal
