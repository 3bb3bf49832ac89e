// A caller that asks a peer for something, while the peer answers.
//
// A transport makes one for each request. It lives until the method of peer_control has returned.
#pragma once

#include <cstddef>
#include <functional>

#include "control/rows.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

struct caller {
  std::function<void(rows::notice)> tell;  ///< takes what comes before the answer
  std::function<bool()> gone;              ///< true once nobody waits for the answer any more: long waits then end
  /// Waits until the caller has paid for an answer of so many bytes, before it is made. Empty: the user pays nothing.
  std::function<awaitable<void>(std::size_t bytes)> pay = {};
};

}  // namespace shoal
