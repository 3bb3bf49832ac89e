#include "cmd/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "cmd/interrupt.hpp"
#include "cmd/program_name.hpp"
#include "control/control_server.hpp"
#include "control/described.hpp"
#include "control/rpc_failure.hpp"
#include "store/beneath.hpp"
#include "store/socket_name.hpp"
#include "store/state_directory.hpp"

namespace shoal {

namespace {

// docs/CONTROL.md: the longest line either side may send.
constexpr std::size_t read_bytes = std::size_t{64} << 10;

error no_peer(const std::string& state_directory) {
  return {errc::not_found, "no peer runs with state directory " + state_directory + ": start one with " +
                               quoted_command("peer --tracker HOST:PORT") + ", or name another with --state DIR"};
}

// From the end of its socket to the end of the peer. The peer may live in a process that does more.
constexpr auto end_after_close_max = std::chrono::seconds(2);

// What the kernel says of the process at the other end: " (process 12)", and what it does.
struct peer_process {
  pid_t pid = 0;
  char state = 0;  // of proc_pid_stat(5), 0 if that cannot be told
};

peer_process process_behind(int descriptor) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  peer_process process;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) return process;
  process.pid = credentials.pid;
  std::ifstream file("/proc/" + std::to_string(process.pid) + "/stat");
  std::string line;
  std::getline(file, line);
  // The name of the program stands in parentheses and may hold others.
  const auto close = line.rfind(')');
  if (close != std::string::npos && close + 2 < line.size()) process.state = line[close + 2];
  return process;
}

int milliseconds_until(time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// The number of a request. 0 is no request.
std::uint64_t number_of(const json::object& object, std::string_view name) {
  std::uint64_t number = 0;
  if (const json::value* value = object.if_contains(name)) (void)read_json(*value, number);
  return number;
}

time_point deadline_after(duration timeout) {
  const time_point now = clock::now();
  return timeout >= never - now ? never : now + timeout;
}

}  // namespace

result<control_client> control_client::connect(const std::string& state_directory) {
  const auto found = control_socket_path(state_directory);
  if (!found) return found.error();
  const std::string& path = *found;
  const auto name = socket_name::of(path);
  if (!name && name.error().code == errc::not_found) return no_peer(state_directory);
  if (!name) return name.error();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name->text().data(), std::min(name->text().size(), sizeof address.sun_path - 1));

  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int failure = descriptor < 0 ? errno : 0;
  if (failure == 0 && ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    failure = errno;
  }
  if (failure == 0) return adopt(descriptor, path);
  if (descriptor >= 0) ::close(descriptor);
  const bool nobody = failure == ENOENT || failure == ECONNREFUSED || failure == ENOTDIR;
  if (nobody) return no_peer(state_directory);
  if (failure == EAGAIN) {
    return error{errc::timed_out, "the peer at " + path + " takes no connections: it is stopped or stuck"};
  }
  return system_error("cannot reach the peer at " + path, failure, errc::unreachable);
}

control_client control_client::adopt(int descriptor, std::string name) {
  control_client client(descriptor, std::move(name));
  client.heard_ = clock::now();
  return client;
}

control_client::control_client(control_client&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      requests_(other.requests_),
      heard_(other.heard_),
      pinged_(other.pinged_),
      ping_(other.ping_),
      received_(std::move(other.received_)),
      scanned_bytes_(other.scanned_bytes_),
      lost_(other.lost_) {}

control_client& control_client::operator=(control_client&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(requests_, other.requests_);
  std::swap(heard_, other.heard_);
  std::swap(pinged_, other.pinged_);
  std::swap(ping_, other.ping_);
  std::swap(received_, other.received_);
  std::swap(scanned_bytes_, other.scanned_bytes_);
  std::swap(lost_, other.lost_);
  return *this;
}

control_client::~control_client() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

error control_client::gone() {
  lost_ = true;
  return {errc::unreachable, "the peer at " + path_ + " went away before it answered"};
}

error control_client::gone_or_refused() {
  while (true) {
    const auto said = receive(duration::zero(), nullptr);
    if (!said) return said.error();
    if (std::holds_alternative<silence>(*said)) return gone();
  }
}

error control_client::stuck() const {
  const peer_process process = process_behind(descriptor_);
  std::string text = "the peer at " + path_ + " does not answer";
  const std::string pid = std::to_string(process.pid);
  if (process.state == 'T' || process.state == 't') {
    text += ": its process " + pid + " is stopped; 'kill -CONT " + pid + "' lets it go on";
  } else if (process.pid > 0) {
    text += ": its process " + pid + " is stuck; see its log, or end it with 'kill -KILL " + pid + "'";
  } else {
    text += ": it is stopped or stuck; see its log";
  }
  return {errc::timed_out, std::move(text)};
}

void control_client::on_heard() {
  heard_ = clock::now();
  pinged_ = false;
}

result<void> control_client::look_alive() {
  if (clock::now() < next_look()) return {};
  if (pinged_) return stuck();
  const auto asked = send("ping", {});
  if (!asked) return asked.error();
  ping_ = *asked;
  pinged_ = true;
  return {};
}

result<std::uint64_t> control_client::send(std::string_view method, json::object params) {
  const std::uint64_t request = ++requests_;
  json::object call;
  call["jsonrpc"] = "2.0";
  call["id"] = request;
  call["method"] = method;
  call["params"] = std::move(params);
  const std::string line = json::serialize(call) + "\n";
  if (line.size() > control_line_bytes_max) {
    return error{errc::limit, "the request is longer than " + std::to_string(control_line_bytes_max / MiB) +
                                  " MiB: pass fewer or smaller files at once"};
  }
  if (const auto written = write(line); !written) return written.error();
  // The silence before the first request does not count.
  if (!pinged_) heard_ = clock::now();
  return request;
}

result<void> control_client::write(std::string_view line) {
  time_point deadline = clock::now() + silence_max;
  while (!line.empty()) {
    const ssize_t sent = ::send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
      deadline = clock::now() + silence_max;
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor_, POLLOUT, 0};
      if (::poll(&ready, 1, milliseconds_until(deadline)) == 0) return stuck();
    } else if (errno != EINTR) {
      return gone_or_refused();
    }
  }
  return {};
}

result<control_client::message> control_client::receive(duration timeout, const interrupt* stop) {
  const time_point deadline = deadline_after(timeout);
  while (true) {
    const std::size_t newline = received_.find('\n', scanned_bytes_);
    if (newline != std::string::npos) {
      auto parsed = parse(std::string_view(received_).substr(0, newline));
      received_.erase(0, newline + 1);
      scanned_bytes_ = 0;
      const auto* answered = parsed ? std::get_if<answer>(&*parsed) : nullptr;
      if (answered != nullptr && ping_ != 0 && answered->request == ping_) continue;
      return parsed;
    }
    scanned_bytes_ = received_.size();
    if (received_.size() > control_line_bytes_max) {
      return error{errc::protocol, "the peer at " + path_ + " sends a line that has no end"};
    }
    if (stop != nullptr && stop->raised()) return silence{};

    pollfd waits[2] = {{descriptor_, POLLIN, 0}, {stop == nullptr ? -1 : stop->descriptor(), POLLIN, 0}};
    const int ready = ::poll(waits, 2, milliseconds_until(std::min(deadline, next_look())));
    if (ready < 0 && errno != EINTR) return gone();
    if (ready == 0 && clock::now() >= deadline) return silence{};
    if (ready <= 0 || waits[0].revents == 0) {
      if (const auto alive = look_alive(); !alive) return alive.error();
      continue;
    }
    on_heard();

    received_.resize(scanned_bytes_ + read_bytes);
    const ssize_t got = ::recv(descriptor_, received_.data() + scanned_bytes_, read_bytes, MSG_DONTWAIT);
    received_.resize(scanned_bytes_ + (got > 0 ? static_cast<std::size_t>(got) : 0));
    const bool later = got < 0 && (errno == EINTR || errno == EAGAIN);
    if (got <= 0 && !later) return gone();
  }
}

result<control_client::message> control_client::parse(std::string_view line) const {
  boost::system::error_code ec;
  const json::value value = json::parse(line, ec);
  const error nonsense{errc::protocol, "the peer at " + path_ + " answers something that is not JSON-RPC"};
  if (ec || !value.is_object()) return nonsense;
  const json::object& object = value.get_object();
  if (object.contains("method")) {
    const json::value* params = object.if_contains("params");
    notice said;
    if (params != nullptr && params->is_object()) said.params = params->get_object();
    said.request = number_of(said.params, "request");
    return message(std::move(said));
  }
  const std::uint64_t request = number_of(object, "id");
  if (const json::value* failure = object.if_contains("error")) {
    auto why = from_json<rpc::failure>(*failure);
    if (why.message.empty()) why.message = "the peer gives no reason";
    const remedy helps = remedy_of(why.data.remedy.value_or(""));
    // No request of ours has this number: it is said of the connection, which the peer closes.
    if (request == 0) return error{errc_of(why.data.class_), std::move(why.message), helps};
    return message(answer{request, error{errc_of(why.data.class_), std::move(why.message), helps}});
  }
  const json::value* outcome = object.if_contains("result");
  if (outcome == nullptr) return nonsense;
  return message(answer{request, *outcome});
}

result<json::value> control_client::call(std::string_view method, json::object params, const interrupt& stop,
                                         const notice_handler& on_notice) {
  const auto request = send(method, std::move(params));
  if (!request) return request.error();
  while (true) {
    auto received = receive(duration::max(), &stop);
    if (!received) return received.error();
    if (const auto* said = std::get_if<notice>(&*received)) {
      if (said->request == *request && on_notice) on_notice(said->params);
    } else if (auto* answered = std::get_if<answer>(&*received)) {
      if (answered->request == *request) return std::move(answered->outcome);
    } else {
      return error{errc::cancelled, "interrupted"};
    }
  }
}

result<void> control_client::wait_for_close(duration timeout, const interrupt& stop) {
  const time_point deadline = deadline_after(timeout);
  // The process holds its state directory until it has ended. Its socket closes earlier.
  const pid_t pid = process_behind(descriptor_).pid;
  const unique_descriptor process(pid > 0 && pid != ::getpid() ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))
                                                               : -1);
  while (clock::now() < deadline) {
    const auto received = receive(deadline - clock::now(), &stop);
    if (!received && received.error().code == errc::unreachable) {
      pollfd ended{process.get(), POLLIN, 0};
      ::poll(&ended, 1, milliseconds_until(std::min(deadline, deadline_after(end_after_close_max))));
      return {};
    }
    if (!received) return received.error();
    if (stop.raised()) return error{errc::cancelled, "interrupted: the peer was told to stop, and has not ended yet"};
  }
  return error{errc::timed_out, "the peer at " + path_ + " has not ended yet: see its log"};
}

}  // namespace shoal
