// Connects to another node of this swarm.
#pragma once

#include "net/stream.hpp"
#include "net/swarm_keys.hpp"

namespace shoal {

/// Opens `on` and connects it, within `timeout` for each try. In a private swarm both sides prove their key: the first
/// of `keys`, and if the other side does not know it, each other one over a new connection. errc::timed_out,
/// unreachable, permission or protocol; errc::limit if this machine has no descriptor or no way, so that nothing was
/// sent. The texts do not name `where`. close() of the stream ends it.
awaitable<result<void>> dial(stream& on, tcp::endpoint where, duration timeout, const swarm_keys& keys);

}  // namespace shoal
