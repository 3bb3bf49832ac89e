// A client of a peer's control socket: JSON-RPC 2.0, one object a line (docs/CONTROL.md).
//
// Blocking, for one thread; owns the connection. Several requests may run side by side: send() them, then receive()
// notices and answers as they come. For one request, call() is the short form.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "core/error.hpp"
#include "core/time.hpp"

namespace shoal {

namespace json = boost::json;

class interrupt;

class control_client {
 public:
  /// A notification that belongs to a request.
  struct notice {
    std::uint64_t request = 0;
    json::object params;
  };
  struct answer {
    std::uint64_t request = 0;
    result<json::value> outcome;
  };
  /// Nothing came within the time.
  struct silence {};
  using message = std::variant<silence, notice, answer>;

  /// A peer that is alive answers `ping` at once, whatever else it does, because nothing blocks its network thread. So
  /// the client pings a peer that is silent for ping_after. If the peer is then silent for silence_max, it is stuck.
  static constexpr auto ping_after = std::chrono::seconds(1);
  static constexpr auto silence_max = std::chrono::seconds(4);

  /// Connects to STATE_DIRECTORY/control.sock. not_found: no peer runs there. permission: it belongs to another user.
  /// timed_out: it takes no connections.
  static result<control_client> connect(const std::string& state_directory);
  /// Uses a connected socket, which it owns from now on. `name` is for messages.
  static control_client adopt(int descriptor, std::string name);

  control_client(control_client&& other) noexcept;
  control_client& operator=(control_client&& other) noexcept;
  ~control_client();

  /// Sends a request and returns its number. unreachable: the peer has gone. timed_out: the peer does not read.
  result<std::uint64_t> send(std::string_view method, json::object params);

  /// The next message. Returns silence after `timeout`. Returns silence at once if `stop` (may be null) is raised and
  /// nothing is buffered. unreachable: the peer has gone. timed_out: the peer is stuck. protocol: the peer does not
  /// speak JSON-RPC. Also an error that the peer says of the connection, and not of a request: limit if it has too
  /// many.
  result<message> receive(duration timeout, const interrupt* stop);

  using notice_handler = std::function<void(const json::object& params)>;
  /// Makes one request and returns its answer, however long that takes. `on_notice` (may be empty) gets the notices of
  /// the request. cancelled if `stop` is raised; other errors as for receive(). Answers to other requests are dropped
  /// meanwhile.
  result<json::value> call(std::string_view method, json::object params, const interrupt& stop,
                           const notice_handler& on_notice = {});

  /// The peer has gone, as an error of an earlier call said.
  bool lost() const { return lost_; }

  /// Waits until the peer closes the connection. timed_out if it did not within `timeout`, cancelled by `stop`.
  result<void> wait_for_close(duration timeout, const interrupt& stop);

 private:
  control_client(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  error gone();
  /// Why the peer does not read any more: what it said last, or that it is gone.
  error gone_or_refused();
  error stuck() const;
  /// Pings a peer that has been silent, or says that the peer is stuck.
  result<void> look_alive();
  time_point next_look() const { return pinged_ ? heard_ + silence_max : heard_ + ping_after; }
  void on_heard();
  result<void> write(std::string_view line);
  result<message> parse(std::string_view line) const;

  int descriptor_ = -1;
  std::string path_;
  std::uint64_t requests_ = 0;
  time_point heard_;        // when the peer was last heard, or when it was pinged
  bool pinged_ = false;     // pinged, and not heard since
  std::uint64_t ping_ = 0;  // the request of the last ping
  std::string received_;
  std::size_t scanned_bytes_ = 0;  // of received_, known to hold no newline
  bool lost_ = false;
};

}  // namespace shoal
