#include "tracker/tracker_http.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <utility>

#include "core/bytes.hpp"
#include "net/access_token.hpp"
#include "net/host_names.hpp"
#include "page/page_asset.hpp"

namespace shoal {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;

namespace {

/// Browsers send 1 to 2 KiB.
constexpr std::uint32_t header_bytes_max = 8 * KiB;
/// Nothing that we answer has a body; read so that the answer is not lost to a reset.
constexpr std::uint64_t body_bytes_max = 64 * KiB;

std::string_view path_of(const http_request& request) {
  const std::string_view target{request.target().data(), request.target().size()};
  return target.substr(0, target.find('?'));
}

std::string_view header_of(const http_request& request, http::field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

void set_page(http_answer& answer, const http_request& request) {
  const page_version page = page_for(page_place::tracker, header_of(request, http::field::accept_encoding),
                                     header_of(request, http::field::if_none_match));
  for (const auto& [name, value] : page.headers) answer.set({name.data(), name.size()}, {value.data(), value.size()});
  answer.set(http::field::etag, page.etag);
  if (page.is_known) {
    answer.result(http::status::not_modified);
  } else {
    answer.body() = page.bytes;
  }
}

}  // namespace

awaitable<std::optional<http_request>> read_request(stream& from, duration timeout) {
  beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  parser.header_limit(header_bytes_max);
  parser.body_limit(body_bytes_max);
  asio::steady_timer timer(from.get_executor(), timeout);
  auto outcome = co_await (http::async_read(from, buffer, parser, use_tuple) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return std::nullopt;
  // Bytes behind the request would be lost in an upgrade, and no client sends them before it is answered.
  if (std::get<0>(std::get<0>(outcome)) || buffer.size() != 0) co_return std::nullopt;
  co_return parser.release();
}

bool opens_live(const http_request& request) {
  return beast::websocket::is_upgrade(request) && path_of(request) == "/live";
}

result<void> check_page(const http_request& request, const std::vector<std::string>& host_names) {
  if (request.count(http::field::origin) == 0) return {};
  const std::string_view host = header_of(request, http::field::host);
  if (!is_known_host(host, host_names)) {
    return error{errc::permission,
                 "this tracker is not known as '" + host_of(host) + "': use its address or its host name"};
  }
  const bool once = request.count(http::field::origin) == 1 && request.count(http::field::host) == 1;
  if (once && is_same_origin(header_of(request, http::field::origin), host)) return {};
  return error{errc::permission, "pages of other sites cannot watch this swarm"};
}

http_answer answer_to(const http_request& request, const std::function<std::string(metrics_text::format)>& metrics) {
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  http_answer answer(http::status::ok, request.version());
  answer.set(http::field::server, "shoal/" SHOAL_VERSION);
  if (reads && path_of(request) == "/metrics") {
    const auto how = metrics_text::wanted(header_of(request, http::field::accept));
    answer.set(http::field::content_type, metrics_text::media_type(how));
    answer.body() = metrics(how);
    return answer;
  }
  if (reads && path_of(request) == "/" && !page_left_out()) {
    set_page(answer, request);
    return answer;
  }
  answer.result(http::status::not_found);
  answer.body() =
      "This is a shoal tracker. The page is at /, metrics are at /metrics. Peers open a WebSocket at /live.\n";
  if (page_left_out()) answer.body() += missing_page();
  return answer;
}

http_answer challenge_of(const http_request& request) {
  http_answer answer(http::status::unauthorized, request.version());
  for (const std::string_view challenge : access_token::challenges) {
    answer.insert(http::field::www_authenticate, challenge);
  }
  answer.body() = std::string(access_token::needed) + "\n";
  return answer;
}

http_answer refusal_of(const http_request& request, const std::string& why) {
  http_answer answer(http::status::forbidden, request.version());
  answer.body() = why + "\n";
  return answer;
}

awaitable<void> write_answer(stream& to, http_answer answer, const http_request& request, duration timeout) {
  if (answer[http::field::content_type].empty()) {
    answer.set(http::field::content_type, "text/plain; charset=utf-8");
  }
  answer.keep_alive(false);
  answer.prepare_payload();
  if (request.method() == http::verb::head) answer.body().clear();
  asio::steady_timer timer(to.get_executor(), timeout);
  (void)co_await (http::async_write(to, answer, use_tuple) || timer.async_wait(use_tuple));
  to.shutdown_send();
}

}  // namespace shoal
