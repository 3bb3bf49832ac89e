#include "gateway/http_connection.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <tuple>
#include <utility>

#include "net/use_tuple.hpp"

namespace shoal {

namespace http = boost::beast::http;

http_connection::http_connection(stream accepted, peer_context& context, wire::frame_memory& answers,
                                 origin_turns& turns, const address_group& origin, http_handler& handler)
    : handler_(handler), line_(std::move(accepted), context, answers, turns, origin) {
  line_.to.set_read_observer(*this);
  line_.to.set_unsent_max(http_unsent_bytes_max);
}

void http_connection::look(time_point now) {
  if (!line_.to.is_open()) return;
  if (now - line_.moved_at > patience_) return close();
  if (!reads_) count_unread(now);
}

void http_connection::on_bytes_read(std::size_t bytes) {
  if (reads_body_) {
    line_.moved_at = clock::now();
    return;
  }
  if (bytes >= small_segment_bytes) return;
  line_.account.charge(prices::http_small_read);
  if (++small_reads_ > http_small_reads_max) close();
}

void http_connection::expect(duration patience) {
  patience_ = patience;
  line_.moved_at = clock::now();
}

void http_connection::set_reading(bool reads) {
  if (std::exchange(reads_, reads) == reads || !line_.to.is_open()) return;
  if (reads) {
    count_unread(clock::now());
    small_reads_ = 0;
    if (std::exchange(drops_small_, false)) line_.to.drop_small_segments(false);
  } else {
    segments_ = line_.to.small_segments();
  }
}

void http_connection::count_unread(time_point now) {
  const std::int64_t all = line_.to.small_segments();
  const std::int64_t came = all - std::exchange(segments_, all);
  if (came <= 0) return;
  const bool flooded = line_.account.on_unread(came, now);
  line_.account.charge(came * prices::http_unread_segment);
  if (drops_small_ || !flooded) return;
  drops_small_ = true;
  line_.to.drop_small_segments(true);
}

awaitable<http_connection::came> http_connection::read(boost::beast::flat_buffer& buffer, http_request& into) {
  parser reads;
  reads.header_limit(http_header_bytes_max);
  reads.body_limit(http_body_bytes_max);
  const auto [failure, bytes] = co_await http::async_read_header(line_.to, buffer, reads, use_tuple);
  if (failure) {
    const http_request nothing = reads.release();
    co_await refuse(nothing, failure);
    co_return came::nothing;
  }
  came how = came::whole;
  if (!reads.is_done()) how = co_await read_body(buffer, reads);
  set_reading(false);
  into = reads.release();
  co_return how;
}

awaitable<http_connection::came> http_connection::read_body(boost::beast::flat_buffer& buffer, parser& reads) {
  http_exchange exchange(reads.get(), line_);
  if (!handler_.takes_body(exchange)) co_return came::without_body;
  expect(http_stall_timeout);
  reads_body_ = true;
  // A client may wait for this before it sends the body (RFC 9110, 10.1.1).
  bool goes_on = true;
  const bool waits = boost::beast::iequals(reads.get()[http::field::expect], "100-continue");
  if (waits) goes_on = co_await exchange.send_text("HTTP/1.1 100 Continue\r\n\r\n");
  error_code failure;
  if (goes_on) std::tie(failure, std::ignore) = co_await http::async_read(line_.to, buffer, reads, use_tuple);
  reads_body_ = false;
  if (!failure && goes_on) co_return came::whole;
  if (goes_on) co_await refuse(reads.get(), failure);
  co_return came::nothing;
}

awaitable<void> http_connection::refuse(const http_request& request, error_code failure) {
  set_reading(false);
  if (!line_.to.is_open() || failure == http::error::end_of_stream) co_return;
  const bool too_long = failure == http::error::header_limit || failure == http::error::buffer_overflow;
  const bool too_large = failure == http::error::body_limit;
  http_exchange refusal(request, line_);
  refusal.close_after();
  const http_status why = too_long    ? http_status::request_header_fields_too_large
                          : too_large ? http_status::payload_too_large
                                      : http_status::bad_request;
  const std::string text = "this is no request of HTTP/1.1 that can be answered: " + failure.message();
  (void)co_await refusal.refuse(why, text);
  line_.account.charge(refusal.price());
  co_await linger();
}

awaitable<void> http_connection::linger() {
  line_.to.shutdown_send();
  set_reading(true);
  expect(http_linger_timeout);
  for (std::size_t bytes = 0; bytes < http_linger_bytes_max && line_.to.is_open();) {
    const auto came = line_.to.discard();
    bytes += came.bytes;
    if (came.bytes > 0) on_bytes_read(came.bytes);
    if (came.is_over()) co_return;
    if (came.would_block) (void)co_await line_.to.wait_readable();
  }
}

awaitable<void> http_connection::serve() {
  bool goes_on = true;
  while (goes_on && line_.to.is_open()) {
    (void)co_await line_.to.wait_readable();
    boost::beast::flat_buffer buffer(http_header_bytes_max);
    // What came behind a request is the next one (pipelining).
    do {
      if (!line_.account.has_credit()) {
        set_reading(false);
        co_await line_.rest();
      }
      if (!line_.to.is_open()) co_return;
      set_reading(true);
      expect(http_header_timeout);
      http_request request;
      const came how = co_await read(buffer, request);
      if (how == came::nothing) co_return;
      expect(http_stall_timeout);
      http_exchange exchange(request, line_);
      if (how == came::without_body) exchange.close_after();
      co_await handler_.answer(exchange);
      line_.account.charge(exchange.price());
      if (how == came::without_body) co_return co_await linger();
      goes_on = exchange.keeps_alive();
    } while (goes_on && line_.to.is_open() && buffer.size() > 0);
    set_reading(true);
    expect(http_idle_timeout);
  }
}

}  // namespace shoal
