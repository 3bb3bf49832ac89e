#include "gateway/http_exchange.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <sstream>

#include "gateway/http_date.hpp"
#include "net/endpoint.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
/// One attempt to send from a file.
constexpr std::uint64_t sendfile_bytes_max = 1 * MiB;

std::string text_of(const http_head& head) {
  std::ostringstream text;
  text << head.base();
  return std::move(text).str();
}

}  // namespace

http_status status_of(errc code) {
  switch (code) {
    case errc::usage:
    case errc::malformed:
      return http_status::bad_request;
    case errc::not_found:
      return http_status::not_found;
    case errc::ambiguous:
      return http_status::multiple_choices;
    case errc::permission:
      return http_status::forbidden;
    case errc::conflict:
      return http_status::conflict;
    case errc::limit:
    case errc::no_space:
    case errc::unreachable:
    case errc::cancelled:
      return http_status::service_unavailable;
    case errc::timed_out:
      return http_status::gateway_timeout;
    default:
      return http_status::internal_server_error;
  }
}

http_exchange::http_exchange(const http_request& request, http_line& on)
    : request_(request), line_(on), keeps_alive_(request.keep_alive()) {}

awaitable<void> http_exchange::rest() {
  if (!line_.account.has_credit()) co_await line_.rest();
}

bool http_exchange::is_read() const {
  return head_only() || request_.method() == http::verb::get;
}

bool http_exchange::head_only() const {
  return request_.method() == http::verb::head;
}

boost::asio::ip::address http_exchange::local_address() const {
  const auto where = line_.to.local();
  return where ? plain_address(*where) : boost::asio::ip::address();
}

std::string_view http_exchange::header(http_field field) const {
  const auto found = request_[field];
  return {found.data(), found.size()};
}

http_head http_exchange::completed(http_head head) const {
  head.version(request_.version());
  head.set(http_field::date, http_date(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())));
  if (is_admitted_) head.set(http_field::server, "shoal");
  head.set("X-Content-Type-Options", "nosniff");
  head.keep_alive(keeps_alive_);
  return head;
}

awaitable<bool> http_exchange::answer(http_status status, std::string_view type, std::string body) {
  http_head head;
  head.result(status);
  co_return co_await answer(std::move(head), type, std::move(body));
}

awaitable<bool> http_exchange::answer(http_head head, std::string_view type, std::string body) {
  if (!type.empty()) head.set(http_field::content_type, type);
  if (!trusted_ && body.size() > wire::frame_memory::free_bytes && !line_.memory.resize(body.size())) {
    head = http_head();
    head.result(http_status::service_unavailable);
    head.set(http_field::retry_after, "1");
    head.set(http_field::content_type, plain_text);
    body = "too many long answers are on their way to this address: read them, then try again\n";
  }
  bool sent = co_await begin(std::move(head), body.size());
  if (sent && !head_only()) sent = co_await send_text(body);
  (void)line_.memory.resize(0);
  co_return sent;
}

awaitable<bool> http_exchange::refuse(const error& why) {
  co_return co_await refuse(status_of(why.code), why.text);
}

awaitable<bool> http_exchange::refuse(http_status status, const std::string& why) {
  std::string text = why + "\n";
  co_return co_await answer(status, plain_text, std::move(text));
}

awaitable<bool> http_exchange::begin(http_head head, std::uint64_t bytes) {
  head = completed(std::move(head));
  if (head.result() != http_status::not_modified) head.content_length(bytes);
  const std::string text = text_of(head);
  co_return co_await send_text(text);
}

awaitable<bool> http_exchange::begin_chunked(http_head head) {
  // HTTP/1.0 knows the end of the content by the end of the connection.
  if (request_.version() < 11) co_return co_await begin_until_close(std::move(head));
  head = completed(std::move(head));
  head.chunked(true);
  const std::string text = text_of(head);
  co_return co_await send_text(text);
}

awaitable<bool> http_exchange::begin_until_close(http_head head) {
  keeps_alive_ = false;
  head = completed(std::move(head));
  const std::string text = text_of(head);
  co_return co_await send_text(text);
}

awaitable<bool> http_exchange::send_chunk(std::string_view text) {
  if (request_.version() < 11) co_return co_await send_text(text);
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16).ptr;
  std::string framed(digits.data(), end);
  framed += "\r\n";
  framed += text;
  framed += "\r\n";
  co_return co_await send_text(framed);
}

awaitable<bool> http_exchange::end_chunks() {
  if (request_.version() < 11) co_return true;
  co_return co_await send_text("0\r\n\r\n");
}

awaitable<bool> http_exchange::send_text(std::string_view text) {
  byte_view bytes = as_bytes(text);
  while (!bytes.empty()) {
    const auto put = line_.to.send_some(bytes);
    if (put.bytes > 0) {
      bytes = bytes.subspan(put.bytes);
      line_.moved_at = line_.sent_at = clock::now();
    } else if (put.would_block) {
      (void)co_await line_.to.wait_writable();
      if (!line_.to.is_open()) co_return false;
    } else {
      line_.to.close();
      co_return false;
    }
  }
  co_return true;
}

bool http_exchange::keep_waiting() {
  line_.moved_at = clock::now();
  return line_.to.is_open() && !line_.to.ended_by_other_side();
}

awaitable<result<bool>> http_exchange::send_file(content_files::readable_range from, std::uint64_t bytes,
                                                 throttle& limit, std::function<result<void>()> check) {
  std::uint64_t offset = from.offset;
  while (bytes > 0) {
    const std::uint64_t wanted = std::min(bytes, sendfile_bytes_max);
    std::uint64_t allowed = limit.take_now(wanted);
    const bool waits = allowed == 0;
    if (waits) {
      co_await line_.turns.enter(line_.origin);
      if (line_.to.is_open()) allowed = co_await limit.take(line_.turn, wanted);
      line_.turns.leave(line_.origin);
    }
    if (allowed == 0 || !line_.to.is_open()) co_return false;
    if (waits) {
      const auto same = check();
      if (!same) limit.put_back(allowed);
      if (!same) co_return same.error();
    }
    const auto put = line_.to.send_file(from.file->descriptor(), offset, static_cast<std::size_t>(allowed));
    limit.put_back(allowed - put.bytes);
    if (put.bytes > 0) {
      offset += put.bytes;
      bytes -= put.bytes;
      content_bytes_ += put.bytes;
      line_.moved_at = line_.sent_at = clock::now();
    } else if (put.would_block) {
      (void)co_await line_.to.wait_writable();
      if (!line_.to.is_open()) co_return false;
      if (const auto same = check(); !same) co_return same.error();
    } else if (put.error_number == 0) {
      co_return error{errc::conflict, "a shared file became shorter while it was sent"};
    } else {
      line_.to.close();
      if (put.is_read_failure())
        co_return system_error("cannot read a shared file", put.error_number, errc::verification);
      co_return false;
    }
  }
  co_return true;
}

}  // namespace shoal
