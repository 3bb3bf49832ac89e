#include "net/listener.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/endpoint.hpp"
#include "observe/log.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

// Long enough for a session to end and give its descriptor back, short enough not to be noticed.
constexpr duration pause_without_descriptors = std::chrono::milliseconds(100);

}  // namespace

listener::listener(asio::any_io_executor executor, handler on_connection, std::size_t silent_max)
    : executor_(executor),
      acceptor_(executor),
      pause_(executor),
      on_connection_(std::move(on_connection)),
      sniffers_(executor),
      silent_max_(silent_max) {}

listener::~listener() = default;

result<void> listener::open(const tcp::endpoint& where) {
  error_code ec;
  acceptor_.open(where.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && where.address().is_v6() && where.address().is_unspecified()) {
    acceptor_.set_option(asio::ip::v6_only(false), ec);
  }
  if (!ec) acceptor_.bind(where, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) local_ = acceptor_.local_endpoint(ec);
  if (!ec) return {};
  error_code ignored;
  acceptor_.close(ignored);
  if (ec == asio::error::address_in_use) {
    return error{errc::address_in_use, "cannot listen on " + to_text(where) + ": the port is in use",
                 remedy::other_port};
  }
  return system_error("cannot listen on " + to_text(where), ec.value(), errc::unreachable);
}

awaitable<void> listener::run() {
  while (!stopped_) {
    auto accepted = co_await acceptor_.async_accept(use_tuple);
    auto& [ec, socket] = accepted;
    if (stopped_) break;
    if (ec) {
      log_warn("accepting pauses endpoint={} error={}", to_text(local_), ec.message());
      pause_.expires_after(pause_without_descriptors);
      (void)co_await pause_.async_wait(use_tuple);
      continue;
    }
    // Whoever means to talk does so at once, so the one that has been silent longest makes room.
    if (silent_.size() >= silent_max_) close_oldest();
    const auto silent = silent_.insert(silent_.end(), stream(std::move(socket)));
    sniffers_.spawn("sniff", sniff(silent));
  }
  co_await sniffers_.join();
}

awaitable<void> listener::sniff(std::list<stream>::iterator silent) {
  asio::steady_timer timer(executor_, handshake_deadline);
  auto outcome = co_await (silent->peek() || timer.async_wait(use_tuple));
  stream connection = std::move(*silent);
  silent_.erase(silent);
  if (stopped_ || outcome.index() == 1) co_return;
  const auto first_byte = std::get<0>(outcome);
  if (first_byte) on_connection_(std::move(connection), *first_byte);
}

void listener::close_oldest() {
  const auto oldest = std::ranges::find_if(silent_, &stream::is_open);
  if (oldest != silent_.end()) oldest->close();
}

void listener::stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (stream& one : silent_) one.close();
}

}  // namespace shoal
