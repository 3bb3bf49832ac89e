// HTTP/1.1 at the tracker, beside the WebSocket: reads the one request of a connection, shows the page, and says what
// the tracker is.
//
// Each connection has one request, and is closed behind the answer. Nothing is told here that needs the registry but
// the metrics, which tracker_node makes. tracker_node alone calls these functions. A further page is one more `if` in
// answer_to().
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/time.hpp"
#include "net/stream.hpp"
#include "net/use_tuple.hpp"
#include "observe/metrics_text.hpp"

namespace shoal {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;
using http_answer = boost::beast::http::response<boost::beast::http::string_body>;

/// The request of a connection. Nothing if it does not end in time, is too long, or is no HTTP.
awaitable<std::optional<http_request>> read_request(stream& from, duration timeout);
/// The request opens the WebSocket at /live.
bool opens_live(const http_request& request);
/// Whether whoever asks for the WebSocket may have it. A browser says in `Origin` whose page asks: that page must come
/// from here, under an address or a name of this machine (net/host_names). Who sends no `Origin` is no browser.
/// errc::permission.
result<void> check_page(const http_request& request, const std::vector<std::string>& host_names);
/// What a request gets that is not for the WebSocket. `metrics` makes the text of /metrics.
http_answer answer_to(const http_request& request, const std::function<std::string(metrics_text::format)>& metrics);
/// 401: the token is needed.
http_answer challenge_of(const http_request& request);
/// 403.
http_answer refusal_of(const http_request& request, const std::string& why);
/// Sends the answer, as far as the other side takes it in time. Nothing follows.
awaitable<void> write_answer(stream& to, http_answer answer, const http_request& request, duration timeout);

}  // namespace shoal
