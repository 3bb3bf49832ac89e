#include "net/endpoint.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

error bad_endpoint(std::string_view text, const char* wanted) {
  return {errc::usage, "'" + std::string(text) + "' is not an endpoint: write " + wanted};
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && ec == std::errc{} && end == text.data() + text.size();
}

}  // namespace

result<host_port> parse_host_port(std::string_view text, std::uint16_t default_port) {
  host_port parsed;
  parsed.port = default_port;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad_endpoint(text, "[ADDRESS]:PORT");
    parsed.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const auto colon = text.rfind(':');
    parsed.host = text.substr(0, colon);
    if (parsed.host.find(':') != std::string::npos) return bad_endpoint(text, "[ADDRESS]:PORT for IPv6");
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (parsed.host.empty()) return bad_endpoint(text, "HOST:PORT");
  if (rest.empty() && default_port != 0) return parsed;
  if (!rest.starts_with(':') || !parse_port(rest.substr(1), parsed.port)) return bad_endpoint(text, "HOST:PORT");
  return parsed;
}

result<tcp::endpoint> parse_listen_endpoint(std::string_view text) {
  if (text.starts_with(':')) {
    std::uint16_t port = 0;
    if (!parse_port(text.substr(1), port)) return bad_endpoint(text, ":PORT");
    return tcp::endpoint(asio::ip::address_v6::any(), port);
  }
  // A port of 0 is legitimate here and means "any free one".
  auto parsed = parse_host_port(text);
  if (!parsed) return parsed.error();
  error_code ec;
  const auto address = asio::ip::make_address(parsed->host, ec);
  if (ec) return bad_endpoint(text, "a numeric ADDRESS:PORT to listen on, such as 0.0.0.0:7000 or [::]:7000");
  return tcp::endpoint(address, parsed->port);
}

asio::ip::address plain_address(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
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

awaitable<result<void>> connect(tcp::socket& socket, tcp::endpoint where, duration timeout) {
  error_code ec;
  socket.open(where.protocol(), ec);
  if (ec) co_return error{errc::unreachable, "cannot open a socket: " + ec.message()};
  asio::steady_timer timer(socket.get_executor(), timeout);
  auto outcome = co_await (socket.async_connect(where, use_tuple) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return error{errc::timed_out, to_text(where) + " does not answer"};
  ec = std::get<0>(std::get<0>(outcome));
  if (ec) co_return error{errc::unreachable, "cannot connect to " + to_text(where) + ": " + ec.message()};
  socket.set_option(tcp::no_delay(true), ec);
  co_return result<void>{};
}

}  // namespace shoal
