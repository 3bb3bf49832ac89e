#include "control/control_server.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "control/described.hpp"
#include "control/rpc_failure.hpp"
#include "control/rpc_methods.hpp"
#include "observe/log.hpp"
#include "store/socket_name.hpp"

namespace shoal {

namespace json = boost::json;
using namespace asio::experimental::awaitable_operators;
using local = asio::local::stream_protocol;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
// JSON-RPC 2.0, section 5.1.
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;

json::object failure(const json::value& id, int code, const error& why) {
  rpc::failure failure{code, why.text, {std::string(name_of(why.code))}};
  if (why.helps != remedy::none) failure.data.remedy = name_of(why.helps);
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", to_json(failure)}};
}

bool is_request(const json::value& parsed) {
  const auto* request = parsed.if_object();
  if (request == nullptr) return false;
  const auto* version = request->if_contains("jsonrpc");
  const auto* method = request->if_contains("method");
  const auto* id = request->if_contains("id");
  // JSON-RPC 2.0, section 4. Infinite is what the parser takes a number of many digits for: no answer can repeat it.
  const bool repeatable = id == nullptr || id->is_null() || id->is_string() || id->is_int64() || id->is_uint64() ||
                          (id->is_double() && std::isfinite(id->get_double()));
  if (!repeatable) return false;
  return version != nullptr && *version == "2.0" && method != nullptr && method->is_string();
}

// What is not an answer to any request has no id.
std::string refusal(int code, const error& why) {
  return json::serialize(failure(nullptr, code, why)) + "\n";
}

// The client has closed the connection. A client that says no more, but still reads, has not.
bool hung_up(local::socket& socket) {
  pollfd look{socket.native_handle(), 0, 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & POLLHUP) != 0;
}

}  // namespace

control_connection::control_connection(asio::any_io_executor executor, peer_control& control, local::socket socket)
    : control_(control), socket_(std::move(socket)), work_(executor), requests_(executor) {}

awaitable<void> control_connection::run() {
  co_await (read_loop() && write_loop());
  co_await requests_.join();
}

void control_connection::close() {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
  work_.set();
}

void control_connection::send(const json::object& message) {
  if (closed_) return;
  outbox_ += json::serialize(message);
  outbox_ += '\n';
  if (outbox_.size() > control_outbox_bytes_max) close();
  work_.set();
}

void control_connection::notify(const json::value& request, json::object params) {
  if (outbox_.size() > control_progress_bytes_max) return;
  params["request"] = request;
  json::object message{{"jsonrpc", "2.0"}, {"method", "progress"}};
  message["params"] = std::move(params);
  send(message);
}

awaitable<void> control_connection::read_loop() {
  while (!closed_) {
    const auto end = inbox_.find('\n', scanned_);
    if (end == std::string::npos) {
      scanned_ = inbox_.size();
      if (inbox_.size() > control_line_bytes_max) {
        const error why{errc::limit, "a line has at most " + std::to_string(control_line_bytes_max / MiB) + " MiB"};
        send(failure(nullptr, exit_code(why.code), why));
        // Behind it nobody knows where the next line begins.
        ending_ = true;
        work_.set();
        co_return;
      }
      const std::size_t before = inbox_.size();
      inbox_.resize(before + read_bytes);
      const auto space = asio::buffer(inbox_.data() + before, read_bytes);
      const auto got = co_await socket_.async_read_some(space, use_tuple);
      inbox_.resize(before + std::get<1>(got));
      if (std::get<0>(got)) break;
      continue;
    }
    // A client that gave this peer up was told that nothing was done. It may have done something else since.
    if (hung_up(socket_)) break;
    error_code ec;
    json::parse_options limits;
    limits.max_depth = 16;
    auto parsed = json::parse(std::string_view(inbox_).substr(0, end), ec, {}, limits);
    inbox_.erase(0, end + 1);
    scanned_ = 0;
    if (ec || !is_request(parsed)) {
      const error why{errc::malformed, "not a JSON-RPC 2.0 request"};
      send(failure(nullptr, ec ? parse_error : invalid_request, why));
    } else if (requests_.size() >= control_requests_max) {
      const error why{errc::limit,
                      "too many requests at once: a connection has at most " + std::to_string(control_requests_max)};
      // Who wants no answer gets none.
      const auto* id = parsed.as_object().if_contains("id");
      if (id != nullptr) send(failure(*id, exit_code(why.code), why));
    } else {
      requests_.spawn("control request", answer(std::move(parsed.as_object())));
    }
  }
  close();
}

awaitable<void> control_connection::write_loop() {
  while (!closed_) {
    if (outbox_.empty() && ending_) {
      close();
    } else if (outbox_.empty()) {
      co_await work_.wait();
    } else {
      std::string sending;
      sending.swap(outbox_);
      const auto sent = co_await asio::async_write(socket_, asio::buffer(sending), use_tuple);
      if (std::get<0>(sent)) close();
    }
  }
}

awaitable<void> control_connection::answer(json::object request) {
  const auto* given_id = request.if_contains("id");
  const bool notification = given_id == nullptr;
  const json::value id = notification ? json::value() : *given_id;
  const auto* given_params = request.if_contains("params");
  json::value params = given_params ? *given_params : json::value();
  std::string method(request.at("method").as_string());
  auto tell = [this, &id, notification](rows::notice notice) {
    if (!notification) notify(id, std::move(to_json(notice).as_object()));
  };
  caller by{.tell = std::move(tell), .gone = [this] { return closed_; }};
  auto outcome = co_await call_method(control_, std::move(method), std::move(params), by);
  // Who sends no id hears of no error either (JSON-RPC 2.0, section 4.1).
  if (notification) co_return;
  if (outcome) {
    json::object message{{"jsonrpc", "2.0"}, {"id", id}};
    message["result"] = std::move(*outcome);
    send(message);
  } else {
    const error& why = outcome.error();
    send(failure(id, exit_code(why.code), why));
  }
}

control_server::control_server(asio::any_io_executor executor, peer_control& control, std::size_t connections_max)
    : executor_(executor),
      control_(control),
      connections_max_(connections_max),
      acceptor_(executor),
      tasks_(executor) {}

result<void> control_server::open(const std::string& path) {
  // The lock on the state directory is ours, so the process that made this socket is dead.
  ::unlink(path.c_str());
  path_ = path;
  const auto name = socket_name::of(path);
  if (!name) return name.error();
  error_code ec;
  acceptor_.open(local(), ec);
  const auto mask = ::umask(0177);
  if (!ec) acceptor_.bind(local::endpoint(name->text()), ec);
  ::umask(mask);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return system_error("cannot open the control socket " + path, ec.value());
  return {};
}

result<void> control_server::adopt(unique_descriptor client) {
  local::socket socket(executor_);
  error_code ec;
  socket.assign(local(), client.get(), ec);
  if (ec) return system_error("cannot serve the only client", ec.value(), errc::internal);
  (void)client.release();
  begin(std::move(socket));
  return {};
}

void control_server::begin(local::socket socket) {
  const auto at = connections_.insert(connections_.end(),
                                      std::make_unique<control_connection>(executor_, control_, std::move(socket)));
  tasks_.spawn("control connection", serve(at));
}

awaitable<void> control_server::run() {
  while (!stopped_ && acceptor_.is_open()) {
    auto accepted = co_await acceptor_.async_accept(use_tuple);
    auto& [ec, socket] = accepted;
    if (stopped_) break;
    if (ec) {
      log_warn("control socket fails error={}", ec.message());
      asio::steady_timer pause(executor_, std::chrono::milliseconds(100));
      (void)co_await pause.async_wait(use_tuple);
      continue;
    }
    if (connections_.size() < connections_max_) {
      begin(std::move(socket));
    } else {
      refuse(socket);
    }
  }
  co_await tasks_.join();
}

void control_server::refuse(local::socket& socket) const {
  const error why{errc::limit, "the peer serves " + std::to_string(connections_max_) +
                                   " connections to its control socket at once, and all are in use: end some of the "
                                   "commands that wait, then try again"};
  const std::string line = refusal(exit_code(why.code), why);
  error_code ignored;
  // Nothing was written there before, so one line has room.
  socket.non_blocking(true, ignored);
  (void)socket.write_some(asio::buffer(line), ignored);
}

awaitable<void> control_server::serve(std::list<std::unique_ptr<control_connection>>::iterator at) {
  co_await (*at)->run();
  connections_.erase(at);
}

void control_server::stop() {
  if (stopped_) return;
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  if (!path_.empty()) ::unlink(path_.c_str());
  for (auto& one : connections_) one->close();
}

}  // namespace shoal
