// The system bus of D-Bus on an Asio context: calls as coroutines, and signals.
//
// Owns one connection, by libsystemd's sd-bus(3). Belongs to one io_context; only its thread touches it. Calls are made
// between open() and the end of run(). Part of net/dns_sd.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "net/event.hpp"
#include "net/use_tuple.hpp"

struct sd_bus;
struct sd_bus_message;

namespace shoal {

struct bus_message_free {
  void operator()(sd_bus_message* message) const;
};
using bus_message = std::unique_ptr<sd_bus_message, bus_message_free>;

/// Whom a call is for.
struct bus_method {
  std::string service;
  std::string path;
  std::string interface;
  std::string name;
};

class system_bus {
 public:
  using signal_handler = std::function<void(sd_bus_message* signal)>;

  explicit system_bus(asio::any_io_executor executor);
  ~system_bus();
  system_bus(const system_bus&) = delete;
  system_bus& operator=(const system_bus&) = delete;

  /// Connects. errc::unreachable: this machine has no system bus.
  result<void> open();
  /// Until the bus breaks, or close(). All calls then end with an error.
  awaitable<void> run();
  void close();
  bool is_open() const { return bus_ != nullptr && !broken_; }

  /// A call without arguments yet; null if there is no memory or no connection.
  bus_message new_call(const bus_method& of);
  /// The answer. errc::unreachable: nobody answers, or the answer is an error, whose name is the text.
  awaitable<result<bus_message>> call(bus_message request);
  /// Tells of this signal from now on. Empty: any sender, any path.
  void on_signal(const std::string& service, const std::string& path, const std::string& interface,
                 const std::string& name, signal_handler handler);

 private:
  struct bus_free {
    void operator()(sd_bus* bus) const;
  };

  /// Sends what waits, and tells what came.
  void pump();
  void fail();

  std::unique_ptr<sd_bus, bus_free> bus_;
  asio::posix::stream_descriptor socket_;
  std::list<signal_handler> handlers_;
  std::list<event*> calls_;  ///< that wait for an answer
  bool pumping_ = false;
  bool broken_ = false;
};

}  // namespace shoal
