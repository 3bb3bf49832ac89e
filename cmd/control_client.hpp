// A client of a peer's control socket: JSON-RPC 2.0, one object a line (docs/CONTROL.md).
//
// Blocking, for one thread; owns the connection. Several requests may run side by side: send() them, then
// receive() notices and answers as they come. call() is the short form for one request.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "cmd/json_fields.hpp"
#include "core/error.hpp"
#include "core/time.hpp"

namespace shoal {

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

  /// A peer that is alive says something at least this often while it hashes, and answers short requests
  /// sooner.
  static constexpr auto patience = std::chrono::seconds(60);

  /// Connects to STATE_DIRECTORY/control.sock. not_found: no peer runs there; permission: it belongs to
  /// somebody else.
  static result<control_client> connect(const std::string& state_directory);

  control_client(control_client&& other) noexcept;
  control_client& operator=(control_client&& other) noexcept;
  ~control_client();

  /// Sends a request and returns its number. unreachable: the peer has gone.
  result<std::uint64_t> send(std::string_view method, json::object params);

  /// The next message. Returns silence after `timeout`, and at once if `stop` (may be null) is raised and
  /// nothing is buffered. unreachable: the peer has gone; protocol: it does not speak JSON-RPC.
  result<message> receive(duration timeout, const interrupt* stop);

  using notice_handler = std::function<void(const json::object& params)>;
  /// One request and its answer; `on_notice` (may be empty) gets its notices. cancelled if `stop` is raised,
  /// timed_out if nothing comes for `patience`. Answers to other requests are dropped meanwhile.
  result<json::value> call(std::string_view method, json::object params, const interrupt& stop,
                           const notice_handler& on_notice = {});

  /// Waits until the peer closes the connection, at most `timeout`; false if it did not.
  bool wait_for_close(duration timeout);

 private:
  control_client(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  error gone() const;
  result<message> parse(std::string_view line) const;

  int descriptor_ = -1;
  std::string path_;
  std::uint64_t requests_ = 0;
  std::string received_;
  std::size_t scanned_bytes_ = 0;  // of received_, known to hold no newline
};

}  // namespace shoal
