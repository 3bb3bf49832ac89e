// Which session of one node sends next: the model of the product's uploader and of TCP below it.
//
// At most `slots` sessions send at the same time, in turns of one quantum each, which shares the uplink equally. When
// one gives its slot up, the session that was served least so far gets it. Owned by network, one per node.
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
  std::vector<byte_range> waiting;  ///< asked for; can still be withdrawn
  std::vector<byte_range> turn;     ///< being sent, last first; the network keeps what belongs to this turn
  std::uint32_t sent = 0;           ///< bytes of turn.back()
  std::uint64_t bytes_served = 0;
};

class uplink {
 public:
  explicit uplink(std::uint32_t slots) : slots_(slots) {}

  /// The session has something to send. `of` outlives its place here.
  void put(end_index end, uplink_turn& of);
  /// The session has nothing to send, or is closed.
  void take_out(end_index end, uplink_turn& of);
  /// Gives free slots to sessions; those that got one are active and have an empty turn.
  void fill_slots();
  /// The session whose quantum it is, among the active ones for which `can_receive` holds.
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
