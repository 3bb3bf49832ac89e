#include "net/endpoint.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <charconv>
#include <optional>

#include "core/lower_case.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

constexpr const char* listen_form =
    "ADDRESS:PORT to listen on, such as 0.0.0.0:7000, [::]:7000 or :7000 for all addresses";
// RFC 1035, section 2.3.4.
constexpr std::size_t host_bytes_max = 253;

error bad_endpoint(std::string_view text, const char* wanted) {
  return {errc::usage, "'" + std::string(text) + "' is not an endpoint: write " + wanted};
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && ec == std::errc{} && end == text.data() + text.size();
}

bool is_ipv6(const std::string& host) {
  error_code ec;
  asio::ip::make_address_v6(host, ec);
  return !ec;
}

// A name or an IPv4 address by form. A number alone is a port that lost its host.
bool is_host(std::string_view host) {
  const auto fits = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= host_bytes_max && !all_digits(host) && std::ranges::all_of(host, fits);
}

// "::1:80" may be an address, or an address and a port. Nobody can know.
error ambiguous_endpoint(std::string_view text, std::string_view address, std::string_view port) {
  const std::string whole = std::string(address) + ":" + std::string(port);
  return {errc::usage, "'" + std::string(text) + "' can be read in two ways: write [" + std::string(address) +
                           "]:" + std::string(port) + " if " + std::string(port) + " is the port" +
                           (is_ipv6(whole) ? ", or [" + whole + "] if it is part of the address" : "")};
}

// The error for `plain` if it is an IPv6 address with a port, without brackets.
std::optional<error> without_brackets(std::string_view text, std::string_view plain) {
  const std::size_t colon = plain.rfind(':');
  if (colon == std::string_view::npos || !all_digits(plain.substr(colon + 1))) return std::nullopt;
  const std::string_view address = plain.substr(0, colon);
  if (!is_ipv6(std::string(address))) return std::nullopt;
  return ambiguous_endpoint(text, address, plain.substr(colon + 1));
}

// What is left of an address that was copied from somewhere. Nothing if the text means more than the address.
std::optional<std::string_view> unwrapped(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  text = text.substr(0, text.find_last_not_of(blanks) + 1);
  if (const auto at = text.find("://"); at != std::string_view::npos) {
    const std::string scheme = lower_case(text.substr(0, at));
    if (scheme != "http" && scheme != "ws" && scheme != "tcp") return std::nullopt;
    text.remove_prefix(at + 3);
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view path = text.substr(slash);
  if (!path.empty() && path != "/" && path != "/live" && path != "/live/") return std::nullopt;
  return text.substr(0, slash);
}

struct split_endpoint {
  std::string host;
  std::optional<std::uint16_t> port;
};

// By form alone; nothing if it has none.
std::optional<split_endpoint> split(std::string_view text) {
  split_endpoint parts;
  std::size_t host_end = std::min(text.rfind(':'), text.size());
  if (text.starts_with('[')) {
    host_end = text.find(']');
    if (host_end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, host_end - 1);
    if (!is_ipv6(parts.host)) return std::nullopt;
    ++host_end;
  } else if (is_ipv6(std::string(text))) {
    parts.host = text;
    return parts;
  } else {
    parts.host = text.substr(0, host_end);
    if (!is_host(parts.host)) return std::nullopt;
  }
  const std::string_view rest = text.substr(host_end);
  if (rest.empty()) return parts;
  std::uint16_t port = 0;
  if (!rest.starts_with(':') || !parse_port(rest.substr(1), port)) return std::nullopt;
  parts.port = port;
  return parts;
}

}  // namespace

result<host_port> parse_host_port(std::string_view text, std::uint16_t default_port) {
  const auto plain = unwrapped(text);
  if (!plain) return bad_endpoint(text, "HOST:PORT; only http:// or ws:// may stand in front of it");
  if (auto refused = without_brackets(text, *plain)) return *std::move(refused);
  const auto parts = split(*plain);
  const std::uint16_t port = parts ? parts->port.value_or(default_port) : std::uint16_t{0};
  if (port == 0) return bad_endpoint(text, "HOST:PORT, or [ADDRESS]:PORT for IPv6, with a port from 1 to 65535");
  return host_port{parts->host, port};
}

result<tcp::endpoint> parse_listen_endpoint(std::string_view text, std::uint16_t default_port) {
  const auto plain = unwrapped(text);
  if (!plain) return bad_endpoint(text, listen_form);
  if (auto refused = without_brackets(text, *plain)) return *std::move(refused);
  std::string_view port_text = *plain;
  if (port_text.starts_with("*:")) port_text.remove_prefix(1);
  const bool all_addresses = port_text.starts_with(':') || all_digits(port_text) || *plain == "*";
  if (all_addresses && !is_ipv6(std::string(*plain))) {
    if (port_text.starts_with(':')) port_text.remove_prefix(1);
    std::uint16_t port = default_port;
    if (*plain != "*" && !parse_port(port_text, port)) return bad_endpoint(text, listen_form);
    return tcp::endpoint(asio::ip::address_v6::any(), port);
  }
  const auto parts = split(*plain);
  if (!parts) return bad_endpoint(text, listen_form);
  error_code ec;
  const auto address = asio::ip::make_address(parts->host == "localhost" ? "127.0.0.1" : parts->host, ec);
  if (ec) return bad_endpoint(text, listen_form);
  return tcp::endpoint(address, parts->port.value_or(default_port));
}

std::string to_text(const host_port& where) {
  const bool is_v6 = where.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

address_group group_of(const asio::ip::address& address) {
  if (address.is_v4()) return address_group::of_v4(address.to_v4().to_bytes());
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    const auto mapped = asio::ip::make_address_v4(asio::ip::v4_mapped, v6);
    return address_group::of_v4(mapped.to_bytes());
  }
  return address_group::of_v6(v6.to_bytes());
}

asio::ip::address plain_address(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::optional<std::string> plain_address_text(const std::string& text) {
  error_code ec;
  const auto address = asio::ip::make_address(text, ec);
  if (ec) return std::nullopt;
  const auto plain = plain_address(tcp::endpoint(address, 0));
  if (!plain.is_v6() || plain.to_v6().is_link_local()) return plain.to_string();
  auto without_scope = plain.to_v6();
  without_scope.scope_id(0);
  return without_scope.to_string();
}

std::string to_text(const tcp::endpoint& endpoint) {
  const auto address = plain_address(endpoint);
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

awaitable<result<std::vector<tcp::endpoint>>> resolve(host_port where, duration timeout) {
  std::vector<tcp::endpoint> found;
  error_code ec;
  const auto address = asio::ip::make_address(where.host, ec);
  if (!ec) {
    found.emplace_back(address, where.port);
    co_return found;
  }
  auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  asio::steady_timer timer(executor, timeout);
  const std::string port = std::to_string(where.port);
  auto outcome = co_await (resolver.async_resolve(where.host, port, use_tuple) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return error{errc::timed_out, "looking up host " + where.host + " takes too long"};
  auto& [lookup_ec, entries] = std::get<0>(outcome);
  if (lookup_ec) {
    co_return error{errc::unreachable, "unknown host " + where.host + ": " + lookup_ec.message()};
  }
  for (const auto& entry : entries) found.push_back(entry.endpoint());
  co_return found;
}

}  // namespace shoal
