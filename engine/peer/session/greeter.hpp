// Greets the peers that connect to this one. A peer that asks for a share that takes sessions becomes a session of that
// share.
//
// Another peer is told why the share is not here, if that is known. A stranger is told that the swarm is private, and
// nothing else. If too many connections have not greeted yet, one of the origin that holds most makes room
// (core/fair_places). Owned by peer_node, on its context.
#pragma once

#include <list>
#include <map>
#include <optional>

#include "core/error.hpp"
#include "core/fair_places.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// Has the shares that peers greet for.
class greeting_host {
 public:
  /// The share that this greeting means takes sessions.
  virtual bool takes(const wire::truncated_id& wanted) const = 0;
  /// Why it does not, if the peer shall be told.
  virtual std::optional<errc> refusal(const wire::truncated_id& wanted) const = 0;
  /// Both sides greeted, for a share that took sessions a moment ago.
  virtual void on_greeted(stream connection, const wire::handshake& theirs) = 0;

 protected:
  ~greeting_host() = default;
};

class greeter {
 public:
  /// Greets at most `greetings_max` at once. `host` outlives this.
  greeter(asio::any_io_executor executor, const peer_id& self, std::size_t greetings_max, greeting_host& host);

  /// A connection whose first byte, which is not read yet, is that of a handshake.
  void on_connection(stream connection);
  /// The same, from whoever has not proven the key of this private swarm.
  void on_stranger(stream connection);
  void stop();
  /// Returns when no peer is being greeted. Called after stop().
  awaitable<void> join() { return tasks_.join(); }

 private:
  using guest = std::list<stream>::iterator;
  using service = awaitable<void> (greeter::*)(guest);
  /// Serves the connection, if there is a place for it.
  void take(stream connection, service serve);
  /// Serves, and holds a place meanwhile.
  awaitable<void> serve_in_place(guest one, address_group origin, service serve);
  awaitable<void> greet(guest one);
  awaitable<void> turn_away(guest one);
  /// Closes a connection that has not greeted, so that one of `origin` has a place.
  void make_room(const address_group& origin);

  const peer_id self_;
  const std::size_t greetings_max_;
  greeting_host& host_;
  std::list<stream> greeting_;
  log_limit strangers_logged_;
  fair_places places_;
  std::map<fair_places::place_id, stream*> holders_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
