#include "gateway/api_service.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "control/rpc_methods.hpp"
#include "gateway/private_members.hpp"
#include "gateway/problem.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

constexpr std::string_view events_path = "/v1/events";
constexpr std::string_view json_type = "application/json";
bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == json_type;
}

result<void> read_body(const std::string& body, json::object& params) {
  error_code ec;
  json::parse_options limits;
  limits.max_depth = 16;
  const json::value parsed = json::parse(body, ec, {}, limits);
  if (ec || !parsed.is_object()) return error{errc::malformed, "the body is no JSON object"};
  for (const auto& member : parsed.get_object()) {
    // What the path names stands in the path alone.
    if (params.contains(member.key()) && member.key() == "what") continue;
    params[member.key()] = member.value();
  }
  return {};
}

awaitable<void> tell(http_exchange& with, http_head head, const error& why) {
  std::string body = problem_of(head.result(), why);
  (void)co_await with.answer(std::move(head), problem_type, std::move(body));
}

work_price price_of_text(std::size_t bytes) {
  return prices::http_text_byte * static_cast<work_price>(bytes);
}

awaitable<void> pay_for(http_exchange& with, std::size_t bytes) {
  with.on_work(price_of_text(bytes));
  co_await with.rest();
}

http_head head_of(const error& why, const std::string& allowed) {
  http_head head;
  // A script takes 300 for success.
  head.result(why.code == errc::ambiguous ? http_status::conflict : status_of(why.code));
  if (why.code == errc::usage && !allowed.empty()) {
    head.result(http_status::method_not_allowed);
    head.set(http_field::allow, allowed);
  }
  return head;
}

}  // namespace

api_request api_service::request_of(http_exchange& with) const {
  api_request request;
  request.host = with.header(http_field::host);
  request.local = with.local_address();
  request.is_encrypted = with.is_encrypted();
  request.has_token = token_ && token_->is_in(with.header(http_field::authorization));
  return request;
}

bool api_service::takes_body(http_exchange& with) const {
  const api_request request = request_of(with);
  return check_host(rules_, request) && check_change(rules_, request);
}

awaitable<void> api_service::refuse(http_exchange& with, const error& why) {
  co_await tell(with, head_of(why, ""), why);
}

result<api_call> api_service::call_of(http_exchange& with, const request_target& target, std::string& allowed) const {
  const auto verb = with.head_only() ? boost::beast::http::verb::get : with.request().method();
  auto call = find_call(verb, target, allowed);
  if (!call || !needs_token(*call->route)) return call;
  if (const auto may = check_change(rules_, request_of(with)); !may) return may.error();
  const std::string& body = with.request().body();
  if (body.empty()) return call;
  if (!is_json(with.header(http_field::content_type))) {
    return error{errc::malformed, "the Content-Type of the body is not application/json"};
  }
  if (const auto read = read_body(body, call->params); !read) return read.error();
  // Else a slip of the pen would mean the default.
  if (const std::string unknown = unknown_parameter(call->route->method, call->params); !unknown.empty()) {
    return no_parameter(unknown, *call->route);
  }
  return call;
}

awaitable<void> api_service::answer_events(http_exchange& with, const request_target& target) {
  if (with.is_read() && target.query.empty()) co_return co_await events_.answer(with);
  const std::string allowed = with.is_read() ? "" : "GET";
  const error why{errc::usage, allowed.empty() ? "/v1/events has no parameters" : "at /v1/events only GET is known"};
  co_await tell(with, head_of(why, allowed), why);
}

awaitable<void> api_service::answer(http_exchange& with, const request_target& target) {
  std::string allowed;
  const api_request request = request_of(with);
  if (const auto known = check_host(rules_, request); !known) {
    http_head head;
    head.result(http_status::misdirected_request);
    co_return co_await tell(with, std::move(head), known.error());
  }
  if (target.path == events_path) co_return co_await answer_events(with, target);
  if (request.has_token) with.on_trusted();
  const auto call = call_of(with, target, allowed);
  if (!call) {
    http_head head = head_of(call.error(), allowed);
    if (call.error().code == errc::permission && !request.has_token) {
      head.result(http_status::unauthorized);
      head.set(http_field::www_authenticate, "Bearer");
    }
    co_return co_await tell(with, std::move(head), call.error());
  }
  const std::size_t rows = count_rows_();
  if (!request.has_token && rows > open_rows_max) {
    const error why{errc::permission, "there is too much to list for who has no token"};
    co_return co_await tell(with, head_of(why, ""), why);
  }
  if (!request.has_token) {
    // Paid before it is done: who does not wait gets nothing.
    with.on_work(prices::http_listed * static_cast<work_price>(rows));
    co_await with.rest();
  }
  caller by{.tell = [](const rows::notice&) {}, .gone = [&with] { return !with.keep_waiting(); }};
  std::size_t paid = 0;
  const auto pay = [&](std::size_t bytes) {
    paid += bytes;
    return pay_for(with, bytes);
  };
  if (!request.has_token) by.pay = pay;
  auto outcome = co_await call_method(control_, std::string(call->route->method), call->params, by);
  if (!outcome) {
    error why = outcome.error();
    // Errors of this machine may name files.
    const bool is_private = why.code == errc::disk || why.code == errc::no_space || why.code == errc::internal;
    if (is_private && !request.has_token) why.text = "this peer failed";
    co_return co_await tell(with, head_of(why, ""), why);
  }
  if (!request.has_token) leave_out_private(*outcome);
  http_head head;
  head.result(http_status::ok);
  head.set(http_field::cache_control, "no-store");
  std::string body = json::serialize(*outcome) + "\n";
  with.on_work(price_of_text(body.size() - std::min(paid, body.size())));
  (void)co_await with.answer(std::move(head), json_type, std::move(body));
}

}  // namespace shoal
