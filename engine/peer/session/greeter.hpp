// Greets the peers that connect to this one: who asks for a share that takes sessions becomes one of it.
//
// Others are told why the share is not here, if that is known. Of too many connections that have not greeted yet, the
// one that has been slowest makes room. Owned by peer_node, on its context.
#pragma once

#include <list>
#include <optional>

#include "core/error.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// Who has the shares that are greeted for.
class greeting_host {
 public:
  /// The share that a peer greets for in this way takes sessions.
  virtual bool takes(const wire::truncated_id& wanted) const = 0;
  /// Why it does not, if that is to be told.
  virtual std::optional<errc> refusal(const wire::truncated_id& wanted) const = 0;
  /// Both greeted, for a share that took sessions a moment ago.
  virtual void on_greeted(stream connection, const wire::handshake& theirs) = 0;

 protected:
  ~greeting_host() = default;
};

class greeter {
 public:
  /// Greets at most `greetings_max` at once. `host` outlives this.
  greeter(asio::any_io_executor executor, const peer_id& self, std::size_t greetings_max, greeting_host& host);

  /// Its first byte, not read yet, is that of a handshake.
  void on_connection(stream connection);
  void stop();
  /// Returns when nobody is being greeted. After stop().
  awaitable<void> join() { return tasks_.join(); }

 private:
  awaitable<void> greet(std::list<stream>::iterator guest);

  const peer_id self_;
  const std::size_t greetings_max_;
  greeting_host& host_;
  std::list<stream> greeting_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
