#include "gateway/gateway.hpp"

#include <algorithm>
#include <boost/beast/http/verb.hpp>

#include "gateway/peer_metrics.hpp"
#include "observe/log.hpp"
#include "page/page_asset.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace http = boost::beast::http;

namespace {

bool is_of_api(std::string_view path) {
  constexpr std::string_view root = "/v1";
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace

gateway::gateway(peer_node& node, peer_control& control, api_access rules, https_settings https)
    : node_(node),
      control_(control),
      https_(std::move(https)),
      entrance_(token_),
      content_(node, [this] { return listed_rows(); }),
      events_(node),
      api_(
          control, events_, [this] { return listed_rows(); }, std::move(rules), token_),
      tasks_(node.executor()) {}

result<void> gateway::open() {
  http_handler& self = *this;
  server_.emplace(node_.context(), self);
  if (node_.state_path().empty()) return {};
  open_token();
  return open_certificate();
}

void gateway::open_token() {
  auto token = access_token::open(node_.state_path());
  if (token) {
    token_ = std::move(*token);
  } else {
    log_warn("nothing can be changed over HTTP error=\"{}\"", token.error().text);
  }
}

result<void> gateway::open_certificate() {
  if (!node_.keys().is_private()) return {};
  const bool own = https_.files.chain.empty();
  auto opened = own ? shoal::open_certificate(node_.state_path(), https_.names) : read_certificate(https_.files);
  if (!opened && !own) return opened.error();
  if (!opened) {
    log_warn("nobody can use HTTP without the key of this swarm error=\"{}\"", opened.error().text);
    return {};
  }
  log_info("programs without the key may use HTTPS with the token certificate={}", opened->fingerprint());
  node_.show(std::move(*opened));
  return {};
}

bool gateway::is_member(http_exchange& with) const {
  const auto& key = with.key();
  return !node_.keys().is_private() || (key && node_.keys().find(*key) != nullptr);
}

awaitable<void> gateway::run() {
  tasks_.spawn("events", events_.run());
  tasks_.spawn("http", server_->run());
  co_await tasks_.join();
}

void gateway::stop() {
  events_.stop();
  if (server_) server_->stop();
}

std::size_t gateway::own_rows() const {
  const std::size_t hashing = node_.discovery().hashing().count(clock::now());
  return node_.library().hosted().all().size() + std::min(hashing, tracking::hashing_rows_max);
}

std::size_t gateway::listed_rows() const {
  const catalogue& swarm = node_.discovery().swarm();
  return swarm.share_count() + swarm.peer_count() + swarm.hashing_count() + own_rows() +
         node_.context().connections.sessions();
}

bool gateway::takes_body(http_exchange& with) const {
  if (!is_member(with) && !entrance_.admits(with)) return false;
  const auto text = with.request().target();
  return is_of_api({text.data(), text.size()}) && api_.takes_body(with);
}

awaitable<void> gateway::answer(http_exchange& with) {
  if (!is_member(with) && !entrance_.admits(with)) co_return co_await entrance_.refuse(with);
  with.on_admitted();
  const auto text = with.request().target();
  const auto target = parse_target({text.data(), text.size()});
  if (!target && is_of_api({text.data(), text.size()})) co_return co_await api_.refuse(with, target.error());
  if (!target) {
    (void)co_await with.refuse(target.error());
    co_return;
  }
  if (is_of_api(target->path)) co_return co_await api_.answer(with, *target);
  if (!with.is_read()) {
    http_head head;
    head.result(http_status::method_not_allowed);
    head.set(http_field::allow, "GET, HEAD");
    (void)co_await with.answer(std::move(head), "text/plain; charset=utf-8", "only GET and HEAD are known here\n");
    co_return;
  }
  if (target->path == "/") co_return co_await answer_page(with);
  if (target->path == "/metrics") co_return co_await answer_metrics(with);
  if (const auto wanted = content_of(*target)) co_return co_await content_.answer(with, *target, *wanted);
  (void)co_await with.refuse(http_status::not_found,
                             "there is nothing here: the page is at /, content at /s/ID/PATH, the API at /v1/, "
                             "metrics at /metrics");
}

awaitable<void> gateway::answer_page(http_exchange& with) {
  if (page_left_out()) {
    (void)co_await with.refuse(http_status::not_found, missing_page());
    co_return;
  }
  const page_version page =
      page_for(page_place::peer, with.header(http_field::accept_encoding), with.header(http_field::if_none_match));
  http_head head;
  for (const auto& [name, value] : page.headers) head.set({name.data(), name.size()}, {value.data(), value.size()});
  head.set(http_field::etag, page.etag);
  if (page.is_known) {
    head.result(http_status::not_modified);
    (void)co_await with.begin(std::move(head), 0);
    co_return;
  }
  head.result(http_status::ok);
  const std::string type(head[http_field::content_type]);
  std::string body(page.bytes);
  (void)co_await with.answer(std::move(head), type, std::move(body));
}

awaitable<void> gateway::answer_metrics(http_exchange& with) {
  with.on_work(prices::http_listed * static_cast<work_price>(own_rows()));
  co_await with.rest();
  caller by{.tell = [](const rows::notice&) {}, .gone = [&with] { return !with.keep_waiting(); }};
  const requests::none nothing;
  const auto status = co_await control_.status(nothing, by);
  if (!status) {
    (void)co_await with.refuse(status.error());
    co_return;
  }
  const auto how = metrics_text::wanted(with.header(http_field::accept));
  std::string text = peer_metrics(*status, how);
  (void)co_await with.answer(http_status::ok, metrics_text::media_type(how), std::move(text));
}

}  // namespace shoal
