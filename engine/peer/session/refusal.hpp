// Tells a peer that has just greeted why the share that it wants is not here any more, and waits until the peer has
// read it.
#pragma once

#include "core/error.hpp"
#include "net/stream.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// `theirs` is the received handshake; ours is not sent yet. Takes a few seconds at most. A peer without our extension
/// learns nothing. The owner closes the connection.
awaitable<void> refuse(stream& to, wire::handshake theirs, peer_id self, errc why);

}  // namespace shoal
