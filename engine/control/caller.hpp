// Who asks a peer for something, while that is being answered.
//
// Made by a transport for each request. Lives until the method of peer_control has returned.
#pragma once

#include <functional>

#include "control/rows.hpp"

namespace shoal {

struct caller {
  std::function<void(rows::notice)> tell;  ///< takes what comes before the answer
  std::function<bool()> gone;              ///< nobody waits for the answer any more: long waits end
};

}  // namespace shoal
