// What a simulation shows while it runs, for the checkers of the tests.
#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "simulate/event_queue.hpp"

namespace shoal::simulate {

class observer {
 public:
  virtual ~observer() = default;
  /// The node took a block from `from`, to write it. `right`: the data is right.
  virtual void on_block(node_index /*node*/, piece_index /*piece*/, std::uint32_t /*block*/, node_index /*from*/,
                        bool /*right*/, time_point /*now*/) {}
  virtual void on_verified(node_index /*node*/, piece_index /*piece*/, time_point /*now*/) {}
  virtual void on_banned(node_index /*node*/, node_index /*whom*/, time_point /*now*/) {}
  virtual void on_complete(node_index /*node*/, time_point /*now*/) {}
};

}  // namespace shoal::simulate
