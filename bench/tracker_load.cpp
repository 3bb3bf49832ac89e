// Load for a tracker: many sessions in one process, each joined, showing that it lives as a peer does
// (peer/discovery/tracker_connection), answering dial-backs, counting what it is told.
//
// Stands for N machines, so it is frugal where those would not share a processor with the tracker: a message is decoded
// once however many sessions get it, and its bytes are dropped in the kernel everywhere else. Bare epoll instead of the
// engine's coroutines for the same reason. bench/tracker.py starts one process for each source address and reads its
// lines of JSON: "ready", "settled" once every session knows all peers, "answered" once every one that downloads was
// told of holders, "seen" when every session was told of a share whose name begins with "probe", "left" when every
// session was told that a peer left. Times are seconds of CLOCK_MONOTONIC, the same for all processes. Ends with stdin.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/tracker_load_frames.hpp"
#include "bench/tracker_load_heartbeats.hpp"
#include "bench/tracker_load_hello.hpp"
#include "bench/tracker_load_message.hpp"
#include "bench/tracker_load_settings.hpp"
#include "core/time.hpp"
#include "directory/tracking.hpp"

namespace {

using namespace shoal;
using bench::die;
using bench::settings;
using bench::settings_of;

/// Connections opened between two looks at what came: no machine waits for another one's connection.
constexpr std::size_t connects_at_once = 16;
constexpr double retry_seconds = 0.2;
constexpr std::uint64_t accept_tag = ~std::uint64_t{0};
constexpr std::uint64_t input_tag = accept_tag - 1;

double now_seconds() {
  return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

struct session;
using message = bench::known_message<session>;

struct session {
  int descriptor = -1;
  bool upgraded = false;
  std::string head;  ///< bytes of the answer to the upgrade
  bench::frame_header frame;
  std::string prefix;
  bool keeps = false;
  std::string kept;
  std::uint64_t seq = 0;
  std::ptrdiff_t peers = 0;
  bool in_message = false;
  bool is_packed = false;
  /// Whole messages, with when each came; the first of them is still on its way to the session that decodes it.
  std::deque<std::pair<const message*, double>> undecided;
  bool settled = false;
  bool answered = false;
  double retry_at = 0;
  double heard_at = 0;
};

class load {
 public:
  explicit load(const settings& given) : settings_(given), sessions_(given.sessions), random_(std::random_device{}()) {
    epoll_ = ::epoll_create1(0);
    listen_for_dial_backs();
    watch(STDIN_FILENO, EPOLLIN, input_tag);
    std::printf("{\"event\":\"ready\"}\n");
  }

  void run() {
    std::array<epoll_event, 512> events;
    while (true) {
      open_some();
      const int timeout = !begun_ ? -1 : opened_ < sessions_.size() ? 0 : 20;
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout);
      now_ = now_seconds();
      for (std::size_t i = 0; static_cast<int>(i) < count; ++i) {
        const std::uint64_t tag = events[i].data.u64;
        if (tag == accept_tag) {
          accept_dial_backs();
        } else if (tag == input_tag) {
          if (!take_command()) return;
        } else {
          on_event(sessions_[tag], tag, events[i].events);
        }
      }
      retry();
      beat();
    }
  }

 private:
  void watch(int descriptor, std::uint32_t what, std::uint64_t tag) const {
    epoll_event event{};
    event.events = what;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
  }

  void listen_for_dial_backs() {
    acceptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in where = settings_.source;
    socklen_t length = sizeof where;
    if (::bind(acceptor_, reinterpret_cast<sockaddr*>(&where), length) != 0) die("bind");
    if (::listen(acceptor_, SOMAXCONN) != 0) die("listen");
    ::getsockname(acceptor_, reinterpret_cast<sockaddr*>(&where), &length);
    port_ = ntohs(where.sin_port);
    watch(acceptor_, EPOLLIN, accept_tag);
  }

  void accept_dial_backs() const {
    for (int one = ::accept4(acceptor_, nullptr, nullptr, SOCK_CLOEXEC); one >= 0;
         one = ::accept4(acceptor_, nullptr, nullptr, SOCK_CLOEXEC)) {
      ::close(one);
    }
  }

  /// False at the end of input. Any line means "go".
  bool take_command() {
    std::array<char, 256> line;
    if (::read(STDIN_FILENO, line.data(), line.size()) <= 0) return false;
    begun_ = true;
    std::printf("{\"event\":\"began\",\"at\":%.6f}\n", now_seconds());
    return true;
  }

  void open_some() {
    if (!begun_) return;
    for (std::size_t i = 0; i < connects_at_once && opened_ < sessions_.size(); ++i) connect(opened_++);
  }

  void connect(std::size_t at) {
    session& one = sessions_[at];
    one = {};
    one.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one.descriptor < 0) die("socket");
    const int yes = 1;
    ::setsockopt(one.descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(one.descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    const sockaddr_in& from = settings_.source;
    if (::bind(one.descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("bind");
    const sockaddr_in& to = settings_.tracker;
    if (::connect(one.descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
      die("connect");
    }
    watch(one.descriptor, EPOLLOUT, at);
  }

  void fail(session& one, std::size_t at) {
    if (one.upgraded) {
      std::fprintf(stderr, "tracker_load: the tracker ended a session\n");
      std::exit(1);
    }
    ::close(one.descriptor);
    one = {};
    one.retry_at = now_ + retry_seconds * std::uniform_real_distribution<>(0.5, 1.5)(random_);
    waiting_.push_back(at);
    ++failures_;
  }

  void retry() {
    std::vector<std::size_t> later;
    for (const std::size_t at : waiting_) {
      if (sessions_[at].retry_at > now_) {
        later.push_back(at);
      } else {
        connect(at);
      }
    }
    waiting_ = std::move(later);
  }

  void beat() {
    while (const auto at = heartbeats_.next(now_)) {
      const session& one = sessions_[*at];
      const std::string frame = bench::heartbeats::beat(one.heard_at, now_);
      (void)::send(one.descriptor, frame.data(), frame.size(), MSG_NOSIGNAL);
    }
  }

  void on_event(session& one, std::size_t at, std::uint32_t what) {
    if (one.descriptor < 0) return;
    if ((what & EPOLLOUT) != 0) {
      int failure = 0;
      socklen_t length = sizeof failure;
      ::getsockopt(one.descriptor, SOL_SOCKET, SO_ERROR, &failure, &length);
      if (failure != 0) return fail(one, at);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = at;
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, one.descriptor, &event);
      (void)::send(one.descriptor, bench::upgrade.data(), bench::upgrade.size(), MSG_NOSIGNAL);
      return;
    }
    if (!receive(one, at)) fail(one, at);
  }

  bool receive(session& one, std::size_t at) {
    static std::vector<char> buffer(256 * KiB);
    while (true) {
      const bool drops = one.in_message && !one.keeps && one.prefix.size() == bench::prefix_bytes && one.frame.left > 0;
      const ssize_t got = drops ? ::recv(one.descriptor, nullptr, one.frame.left, MSG_TRUNC)
                                : ::recv(one.descriptor, buffer.data(), buffer.size(), 0);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      if (drops) {
        one.frame.left -= static_cast<std::uint64_t>(got);
        if (one.frame.left == 0) end_frame(one);
        continue;
      }
      one.heard_at = now_;
      std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (!one.upgraded && !take_answer(one, at, bytes)) return false;
      if (!take_frames(one, bytes)) return false;
      if (static_cast<std::size_t>(got) < buffer.size()) return true;
    }
  }

  bool take_answer(session& one, std::size_t at, std::string_view& bytes) {
    one.head += bytes;
    bytes = {};
    const auto end = one.head.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    if (!one.head.starts_with("HTTP/1.1 101")) return false;
    // Nothing follows: the tracker speaks after the join.
    one.head.clear();
    one.upgraded = true;
    say_hello(one, at);
    heartbeats_.on_session(at, now_);
    return true;
  }

  void say_hello(const session& one, std::size_t at) {
    const std::string text = bench::hello(settings_, at, port_, random_);
    (void)::send(one.descriptor, text.data(), text.size(), MSG_NOSIGNAL);
  }

  bool take_frames(session& one, std::string_view bytes) {
    while (!bytes.empty()) {
      if (one.frame.left == 0) {
        if (!one.frame.take(bytes)) return true;
        begin_frame(one);
        if (one.frame.left == 0 && !end_frame(one)) return false;
        continue;
      }
      const std::size_t part = std::min<std::uint64_t>(one.frame.left, bytes.size());
      take_payload(one, bytes.substr(0, part));
      bytes.remove_prefix(part);
      one.frame.left -= part;
      if (one.frame.left == 0 && !end_frame(one)) return false;
    }
    return true;
  }

  static void begin_frame(session& one) {
    if (one.frame.is_control() || one.in_message) return;
    one.in_message = true;
    one.is_packed = one.frame.kind == bench::op_binary;
    one.keeps = false;
    one.prefix.clear();
    one.kept.clear();
  }

  void take_payload(session& one, std::string_view bytes) {
    if (one.frame.is_control()) return;
    if (one.prefix.size() < bench::prefix_bytes) {
      one.prefix += bytes.substr(0, bench::prefix_bytes - one.prefix.size());
      if (one.prefix.size() == bench::prefix_bytes) one.keeps = messages_.try_emplace(one.prefix).second;
    }
    if (one.keeps || one.prefix.size() < bench::prefix_bytes) one.kept += bytes;
  }

  bool end_frame(session& one) {
    if (one.frame.is_control()) {
      return one.frame.kind != bench::op_close;
    }
    if (one.frame.is_last) {
      end_message(one);
      one.in_message = false;
      std::string().swap(one.kept);
    }
    return true;
  }

  void end_message(session& one) {
    const bool is_short = one.prefix.size() < bench::prefix_bytes;
    message& got = messages_[one.prefix];
    one.undecided.emplace_back(&got, now_);
    if (one.keeps || (is_short && !got.decoded)) {
      got.decode(one.kept, one.is_packed);
      for (session* other : std::exchange(got.waiting, {})) take_decided(*other);
    }
    if (!got.decoded) got.waiting.push_back(&one);
    take_decided(one);
  }

  void take_decided(session& one) {
    while (!one.undecided.empty() && one.undecided.front().first->decoded) {
      const auto [told, when] = one.undecided.front();
      one.undecided.pop_front();
      apply(one, *told, when);
    }
  }

  void apply(session& one, const message& told, double when) {
    if (told.is_snapshot) {
      one.peers = told.peers;
    } else if (told.is_delta) {
      if (told.seq != one.seq + 1) {
        std::fprintf(stderr, "tracker_load: a delta is missing\n");
        std::exit(1);
      }
      one.peers = told.counts ? told.peers : one.peers + told.peers;
    } else {
      if (told.is_swarm && !std::exchange(one.answered, true) && ++answered_ == sessions_.size()) {
        std::printf("{\"event\":\"answered\",\"at\":%.6f}\n", now_seconds());
      }
      return;
    }
    one.seq = told.seq;
    if (!told.probe.empty()) saw(told.probe, when);
    if (told.leaving && ++told_leaving_[told.seq] == sessions_.size()) std::printf("{\"event\":\"left\"}\n");
    // What is only counted is told to a hundredth.
    const std::ptrdiff_t expected = static_cast<std::ptrdiff_t>(settings_.expect);
    if (!one.settled && one.peers >= (told.counts ? expected - expected / 50 : expected)) {
      one.settled = true;
      if (++settled_ == sessions_.size()) {
        std::printf("{\"event\":\"settled\",\"at\":%.6f,\"failures\":%zu}\n", now_seconds(), failures_);
      }
    }
  }

  void saw(const std::string& probe, double when) {
    auto& times = seen_[probe];
    times.push_back(when);
    if (times.size() < sessions_.size()) return;
    std::printf("{\"event\":\"seen\",\"name\":\"%s\",\"at\":[", probe.c_str());
    for (std::size_t i = 0; i < times.size(); ++i) std::printf("%s%.6f", i == 0 ? "" : ",", times[i]);
    std::printf("]}\n");
    seen_.erase(probe);
  }

  settings settings_;
  std::vector<session> sessions_;
  std::unordered_map<std::string, message> messages_;
  std::map<std::string, std::vector<double>> seen_;
  std::map<std::uint64_t, std::size_t> told_leaving_;  ///< sessions by the delta that says that a peer left
  std::mt19937_64 random_;
  std::vector<std::size_t> waiting_;
  bench::heartbeats heartbeats_;
  std::size_t failures_ = 0;
  std::size_t opened_ = 0;
  std::size_t settled_ = 0;
  std::size_t answered_ = 0;
  double now_ = 0;
  bool begun_ = false;
  std::uint16_t port_ = 0;
  int epoll_ = -1;
  int acceptor_ = -1;
};

}  // namespace

int main(int count, char** words) {
  if (count != 8) {
    std::fprintf(stderr, "usage: tracker_load TRACKER_PORT SOURCE_ADDRESS NAME SESSIONS SHARES PEERS_OF_ALL CROWD\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const settings given = settings_of(words);
  load(given).run();
  return 0;
}
