#include "net/listener.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/endpoint.hpp"
#include "net/syn_filter.hpp"
#include "net/tls_connection.hpp"
#include "observe/log.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

// Long enough for a session to end and give its descriptor back, short enough not to be noticed.
constexpr duration pause_without_descriptors = std::chrono::milliseconds(100);

// A fatal protocol_version (RFC 8446, 6): no version of TLS is spoken here.
constexpr std::array<std::uint8_t, 7> alert_no_tls{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46};

}  // namespace

listener::listener(asio::any_io_executor executor, const swarm_keys& keys, handler on_connection, handler on_stranger,
                   std::size_t silent_max, const connection_rate::rates& rates)
    : executor_(executor),
      keys_(keys),
      acceptor_(executor),
      pause_(executor),
      release_(executor),
      on_connection_(std::move(on_connection)),
      on_stranger_(std::move(on_stranger)),
      rate_(rates),
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
  sniffers_.spawn("let go", let_go());
  while (!stopped_) {
    auto accepted = co_await acceptor_.async_accept(use_tuple);
    auto& [ec, socket] = accepted;
    if (stopped_) break;
    if (ec) {
      if (pauses_logged_.pass(clock::now())) {
        log_warn("accepting pauses endpoint={} error={} unlogged={}", to_text(local_), ec.message(),
                 pauses_logged_.take_left_out());
      }
      pause_.expires_after(pause_without_descriptors);
      (void)co_await pause_.async_wait(use_tuple);
      continue;
    }
    error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    const auto origin = group_of(remote.address());
    const std::size_t held = rate_.held_count();
    const bool welcome = rate_.on_connection(origin, clock::now());
    if (rate_.held_count() != held) hold(remote);
    if (!welcome) continue;
    if (holders_.size() >= silent_max_) make_room(origin);
    const auto silent = silent_.insert(silent_.end(), stream(std::move(socket)));
    sniffers_.spawn("sniff", sniff_in_place(silent, origin));
  }
  co_await sniffers_.join();
}

awaitable<void> listener::sniff(std::list<stream>::iterator silent) {
  asio::steady_timer timer(executor_, handshake_deadline);
  auto outcome = co_await (identify(*silent) || timer.async_wait(use_tuple));
  stream connection = std::move(*silent);
  silent_.erase(silent);
  if (stopped_ || outcome.index() == 1) co_return;
  const auto first_byte = std::get<0>(outcome);
  if (!first_byte) co_return;
  if (keys_.is_private() && !connection.key()) {
    on_stranger_(std::move(connection), *first_byte);
  } else {
    on_connection_(std::move(connection), *first_byte);
  }
}

awaitable<std::optional<std::uint8_t>> listener::identify(stream& one) {
  auto first_byte = co_await one.peek();
  if (first_byte != tls_first_byte) co_return first_byte;
  if (!keys_.is_private()) {
    // So the other side can tell an open swarm from one with another key.
    (void)one.send_some(alert_no_tls);
    one.shutdown_send();
    co_return std::nullopt;
  }
  const auto secured = co_await one.secure_as_server(keys_);
  if (!secured) {
    log_failure(one, secured.error());
    co_return std::nullopt;
  }
  first_byte = co_await one.peek();
  if (first_byte && !one.key() && !begins_http(*first_byte)) {
    const error why{errc::permission, "without the key it may speak HTTP only"};
    log_failure(one, why);
    co_return std::nullopt;
  }
  co_return first_byte;
}

void listener::on_short_connection(const tcp::endpoint& from) {
  rate_.on_short_connection(group_of(from.address()), clock::now());
}

void listener::hold(const tcp::endpoint& from) {
  (void)drop_attempts(acceptor_.native_handle(), rate_.held());
  release_.set();
  if (!floods_logged_.pass(clock::now())) return;
  log_warn("too many connections come from one address, and have to wait from={} unlogged={}",
           plain_address(from).to_string(), floods_logged_.take_left_out());
}

awaitable<void> listener::let_go() {
  while (!stopped_) {
    (void)co_await release_.wait_until(rate_.next_release());
    if (!stopped_ && rate_.release(clock::now())) (void)drop_attempts(acceptor_.native_handle(), rate_.held());
  }
}

void listener::log_failure(const stream& one, const error& why) {
  if (stopped_ || why.code == errc::cancelled || !failures_logged_.pass(clock::now())) return;
  const auto remote = one.remote();
  log_warn("a connection without the key of this swarm is refused from={} reason=\"{}\" unlogged={}",
           remote ? to_text(*remote) : "gone", why.text, failures_logged_.take_left_out());
}

awaitable<void> listener::sniff_in_place(std::list<stream>::iterator silent, address_group origin) {
  const auto place = places_.take(origin, clock::now());
  holders_.emplace(place, &*silent);
  co_await sniff(silent);
  if (holders_.erase(place) != 0) places_.leave(place);
}

void listener::make_room(const address_group& origin) {
  const auto place = places_.next_to_leave(origin, clock::now());
  if (!place) return;
  holders_.at(*place)->close();
  holders_.erase(*place);
  places_.leave(*place);
}

void listener::stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  release_.set();
  for (stream& one : silent_) one.close();
}

}  // namespace shoal
