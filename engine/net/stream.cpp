#include "net/stream.hpp"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/tls_connection.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

awaitable<stream::waited> at_once() {
  co_return stream::waited{};
}

void prepare(tcp::socket& socket) {
  error_code ignored;
  socket.native_non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
}

/// The kernel moves a file in steps of 64 KiB. Without a delay it sends what is there at the end of each step, in
/// segments that are not full. This many bytes are worth the two system calls that keep them until they are.
constexpr std::size_t corked_bytes_min = 128 * KiB;

void cork(int socket, bool on) {
  const int value = on ? 1 : 0;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

}  // namespace

stream::stream(asio::any_io_executor executor) : socket_(std::move(executor)) {}

stream::stream(stream&&) noexcept = default;

stream& stream::operator=(stream&& other) noexcept {
  tls_ = std::move(other.tls_);
  socket_ = std::move(other.socket_);
  key_ = other.key_;
  is_encrypted_ = other.is_encrypted_;
  low_watermark_ = other.low_watermark_;
  return *this;
}

stream::~stream() = default;

stream::stream(tcp::socket connected) : socket_(std::move(connected)) {
  prepare(socket_);
}

awaitable<error_code> stream::connect(tcp::endpoint where, duration timeout) {
  error_code ec;
  socket_.open(where.protocol(), ec);
  if (ec) co_return ec;
  prepare(socket_);
  asio::steady_timer timer(socket_.get_executor(), timeout);
  auto connected = co_await (socket_.async_connect(where, use_tuple) || timer.async_wait(use_tuple));
  if (connected.index() == 1) co_return asio::error::timed_out;
  co_return std::get<0>(std::get<0>(connected));
}

awaitable<result<void>> stream::secure_as_client(const swarm_keys& keys, const swarm_key& offered) {
  tls_ = tls_connection::as_client(keys, offered, socket_.native_handle());
  return secure();
}

awaitable<result<void>> stream::secure_as_server(const swarm_keys& keys) {
  tls_ = tls_connection::as_server(keys, socket_.native_handle());
  return secure();
}

awaitable<result<void>> stream::secure() {
  while (tls_) {
    const auto step = tls_->handshake();
    if (step == tls_connection::step::failed) co_return tls_->failure();
    if (step == tls_connection::step::done) {
      key_ = tls_->key();
      is_encrypted_ = true;
      co_return result<void>{};
    }
    if (step == tls_connection::step::wants_read) {
      set_low_watermark(1);
      (void)co_await socket_.async_wait(tcp::socket::wait_read, use_tuple);
    } else {
      (void)co_await wait_writable();
    }
  }
  co_return error{errc::cancelled, "the connection was closed"};
}

void stream::close() {
  // It must not use the descriptor, which is about to be somebody else's.
  tls_.reset();
  error_code ignored;
  socket_.close(ignored);
}

void stream::reset() {
  tls_.reset();
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void stream::shutdown_send() {
  if (tls_) tls_->shutdown_send();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

stream::attempt stream::recv_some(std::span<std::uint8_t> into) {
  if (tls_) return tls_->recv_some(into);
  return outcome_of(::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT));
}

stream::attempt stream::send_some(byte_view bytes, bool more) {
  if (tls_) return tls_->send_some(bytes, more);
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  return outcome_of(::send(socket_.native_handle(), bytes.data(), bytes.size(), flags));
}

stream::attempt stream::send_file(int descriptor, std::uint64_t offset, std::size_t bytes) {
  if (tls_) return tls_->send_file(descriptor, offset, bytes);
  auto from = static_cast<off_t>(offset);
  const int socket = socket_.native_handle();
  const bool corks = bytes >= corked_bytes_min;
  if (corks) cork(socket, true);
  const attempt sent = outcome_of(::sendfile(socket, descriptor, &from, bytes));
  if (corks) cork(socket, false);
  return sent;
}

stream::attempt stream::send_parts(std::span<const asio::const_buffer> parts) {
  if (tls_) return send_parts_encrypted(parts);
  std::array<iovec, parts_max> vectors;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    vectors[i] = {const_cast<void*>(parts[i].data()), parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = parts.size();
  return outcome_of(::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

// Together, because each record costs a header and a tag.
stream::attempt stream::send_parts_encrypted(std::span<const asio::const_buffer> parts) {
  thread_local std::array<std::uint8_t, 16 * KiB> together;
  std::size_t filled = 0;
  for (const asio::const_buffer& part : parts) {
    const byte_view bytes(static_cast<const std::uint8_t*>(part.data()), part.size());
    if (filled == 0 && bytes.size() >= together.size()) return tls_->send_some(bytes, parts.size() > 1);
    const std::size_t taken = std::min(bytes.size(), together.size() - filled);
    std::ranges::copy(bytes.first(taken), together.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += taken;
    if (filled == together.size()) break;
  }
  return tls_->send_some(byte_view(together).first(filled), false);
}

stream::attempt stream::peek_some(std::uint8_t& first) {
  if (tls_) return tls_->peek(first);
  return outcome_of(::recv(socket_.native_handle(), &first, 1, MSG_DONTWAIT | MSG_PEEK));
}

bool stream::ended_by_other_side() {
  std::uint8_t first = 0;
  return peek_some(first).is_over();
}

stream::attempt stream::discard() {
  std::array<std::uint8_t, 4096> nothing;
  return recv_some(nothing);
}

awaitable<stream::waited> stream::wait_readable(std::uint32_t low_watermark) {
  if (tls_) {
    // Read ahead, and not asked for yet.
    if (!tls_->is_drained()) return at_once();
    // The beginning of a record may be here already, and only its rest comes.
    low_watermark -= std::min(low_watermark, tls_record_bytes_max);
  }
  set_low_watermark(low_watermark);
  return socket_.async_wait(tcp::socket::wait_read, use_tuple);
}

awaitable<error_code> stream::send_all(byte_view bytes) {
  while (!bytes.empty()) {
    const attempt sent = send_some(bytes);
    if (sent.is_over()) co_return sent.why();
    bytes = bytes.subspan(sent.bytes);
    if (!sent.would_block) continue;
    const auto [ec] = co_await wait_writable();
    if (ec) co_return ec;
  }
  co_return error_code{};
}

awaitable<error_code> stream::receive_all(std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const attempt got = recv_some(into);
    if (got.is_over()) co_return got.why();
    into = into.subspan(got.bytes);
    if (!got.would_block) continue;
    const auto [ec] = co_await wait_readable();
    if (ec) co_return ec;
  }
  co_return error_code{};
}

awaitable<std::optional<std::uint8_t>> stream::peek() {
  while (true) {
    std::uint8_t first = 0;
    const attempt got = peek_some(first);
    if (got.bytes == 1) co_return first;
    if (got.is_over()) co_return std::nullopt;
    const auto [ec] = co_await wait_readable();
    if (ec) co_return std::nullopt;
  }
}

std::optional<tcp::endpoint> stream::remote() const {
  error_code ec;
  const auto where = socket_.remote_endpoint(ec);
  return ec ? std::nullopt : std::optional(where);
}

std::optional<tcp::endpoint> stream::local() const {
  error_code ec;
  const auto where = socket_.local_endpoint(ec);
  return ec ? std::nullopt : std::optional(where);
}

}  // namespace shoal
