// The BEP 3 handshake on a fresh connection, both directions, each within a deadline.
#pragma once

#include "core/error.hpp"
#include "core/time.hpp"
#include "net/stream.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// Reads the other side's 68 bytes. errc::timed_out, protocol or unreachable. After an error the connection is useless.
awaitable<result<wire::handshake>> receive_handshake(stream& from);

/// Sends our handshake: for `share`, as `self`, with BEP 6, 10 and 52.
awaitable<result<void>> send_handshake(stream& to, wire::truncated_id share, peer_id self);

/// Waits for the first byte of a message. False if the connection closes instead, or if nothing comes within
/// `patience`.
awaitable<bool> has_come(stream& from, duration patience);

}  // namespace shoal
