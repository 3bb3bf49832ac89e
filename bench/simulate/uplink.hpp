// Which session of one node sends next. A model of the product's uploader and of TCP below it.
//
// At most `slots` sessions send at the same time, in turns of one quantum each. So they share the uplink equally. When
// a session gives its slot up, the session that was served least so far gets the slot. Owned by network, one per node.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "content/geometry.hpp"
#include "simulate/event_queue.hpp"

namespace shoal::simulate {

/// The sending half of one end of a connection.
struct uplink_turn {
  enum class condition : std::uint8_t { idle, queued, active };
  condition state = condition::idle;
  std::vector<byte_range> waiting;  ///< requests that can still be withdrawn
  std::vector<byte_range> turn;     ///< ranges being sent, last first; the network keeps what belongs to this turn
  std::uint32_t sent = 0;           ///< bytes of turn.back()
  std::uint64_t bytes_served = 0;
};

class uplink {
 public:
  explicit uplink(std::uint32_t slots) : slots_(slots) {}

  /// The session has something to send. `of` outlives its place here.
  void put(end_index end, uplink_turn& of);
  /// The session has nothing to send, or it is closed.
  void take_out(end_index end, uplink_turn& of);
  /// Gives free slots to sessions. A session that got one is active, with an empty turn.
  void fill_slots();
  /// The active session whose quantum it is, among those for which `can_receive` holds.
  std::optional<end_index> next(const std::function<bool(end_index)>& can_receive);

 private:
  struct place {
    end_index end;
    uplink_turn* of;
  };
  std::uint32_t slots_;
  std::vector<place> queued_;
  std::vector<place> active_;
  std::size_t position_ = 0;  ///< in active_
};

}  // namespace shoal::simulate
