#include "net/stream.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

stream::attempt outcome(ssize_t moved) {
  if (moved > 0) return {.bytes = static_cast<std::size_t>(moved)};
  if (moved == 0) return {};
  if (errno == EAGAIN || errno == EINTR) return {.would_block = true};
  return {.error_number = errno};
}

void prepare(tcp::socket& socket) {
  error_code ignored;
  socket.native_non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
}

}  // namespace

error_code stream::attempt::why() const {
  if (error_number == 0) return asio::error::eof;
  return {error_number, boost::system::system_category()};
}

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

void stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

void stream::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void stream::shutdown_send() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

stream::attempt stream::recv_some(std::span<std::uint8_t> into) {
  return outcome(::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT));
}

stream::attempt stream::send_some(byte_view bytes, bool more) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  return outcome(::send(socket_.native_handle(), bytes.data(), bytes.size(), flags));
}

stream::attempt stream::send_file(int descriptor, std::uint64_t offset, std::size_t bytes) {
  auto from = static_cast<off_t>(offset);
  return outcome(::sendfile(socket_.native_handle(), descriptor, &from, bytes));
}

stream::attempt stream::send_parts(std::span<const asio::const_buffer> parts) {
  std::array<iovec, parts_max> vectors;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    vectors[i] = {const_cast<void*>(parts[i].data()), parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = parts.size();
  return outcome(::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

stream::attempt stream::discard() {
  std::array<std::uint8_t, 4096> nothing;
  return recv_some(nothing);
}

awaitable<stream::waited> stream::wait_readable(std::uint32_t low_watermark) {
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
    const attempt got = outcome(::recv(socket_.native_handle(), &first, 1, MSG_DONTWAIT | MSG_PEEK));
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
