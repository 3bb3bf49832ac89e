// What will happen in a simulated swarm, in order of time.
//
// Events of the same time leave in the order in which they were put in. So a run depends on its scenario alone. trace()
// is a digest of all events that left so far; tests compare two runs by it. Owned by network.
#pragma once

#include <cstdint>
#include <vector>

#include "content/geometry.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal::simulate {

using node_index = strong_index<struct node_tag>;
/// One end of a connection. Ends 2i and 2i + 1 belong together; the even one dialled.
using end_index = strong_index<struct end_tag>;

constexpr end_index other_end(end_index end) {
  return end_index{end.value() ^ 1};
}
constexpr bool dialled(end_index end) {
  return (end.value() & 1) == 0;
}

/// What the timers of a node are for.
enum class timer : std::uint8_t { sweep, turns };

/// What peers say to each other, without payload. Every node knows the share's metadata.
struct message {
  enum class kind : std::uint8_t {
    hello,  ///< the handshake and the held pieces in one
    choke,
    unchoke,
    interested,
    not_interested,
    have,
    request,
    cancel,
    reject,
    leaves_request,  ///< BEP 52 hash request for all leaves of range.piece
    leaves,
    leaves_refused,
    taken,     ///< a seeder's hint: another leecher was given range.piece
    returned,  ///< that leecher will not have it after all
  };
  kind type = kind::hello;
  byte_range range{};
};

struct event {
  enum class kind : std::uint8_t {
    begin,        ///< `node` comes
    die,          ///< `node` closes everything and is gone
    fall_silent,  ///< `node` sends nothing and reads nothing from now on
    timer,        ///< the timer number `amount` of `node` ends
    dialled,      ///< the dial of `node` to node `amount` ends
    message,      ///< `said` arrives at `end`
    broadcast,    ///< `said` arrives at every end of the list `amount`
    payload,      ///< `amount` more bytes of `said.range` arrive at `end`
    stored,       ///< `node` has written `said.range`, which came in at `end`
    sent,         ///< the uplink of `node` has sent its quantum
    closed,       ///< `end` learns that the other end is closed
    uplink,       ///< the uplink of `node` becomes faster or slower
  };
  time_point at{};
  std::uint64_t order = 0;  ///< the queue sets it
  node_index node{};
  end_index end{};
  std::uint32_t amount = 0;
  kind type = kind::begin;
  message said{};
};

class event_queue {
 public:
  /// Puts an event in. `what.at` is not before now().
  void put(event what);
  /// Takes the first event out. The queue is not empty. now() is the time of that event from then on.
  event take();

  bool empty() const { return heap_.empty(); }
  time_point now() const { return now_; }
  std::uint64_t taken() const { return taken_; }
  std::uint64_t trace() const { return trace_; }

 private:
  void record(const event& what);

  std::vector<event> heap_;
  time_point now_{};
  std::uint64_t orders_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace shoal::simulate
