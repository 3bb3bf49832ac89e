// Why a session between two peers ended: one value, counted and logged once.
#pragma once

#include <cstdint>
#include <string_view>

namespace shoal {

enum class end_reason : std::uint8_t {
  closed_by_peer,  ///< end of stream or reset
  protocol,        ///< the other side broke the protocol
  no_memory,       ///< what all sessions, or those of its origin, may hold of messages is taken
  idle,            ///< nothing came, or nothing could be sent, for too long
  duplicate,       ///< another session with the same peer for the same share stays
  replaced,        ///< nothing got through to the peer any more, but a new connection gets through
  gave_way,        ///< there were too many, and its origin held most of the places
  both_complete,   ///< neither side has anything that the other lacks
  banned,          ///< the peer sent data that does not match its hash
  share_removed,   ///< the share is not offered any more
  withdrawn,       ///< the other side said that it no longer offers the share, and why
  key_withdrawn,   ///< the key of the session is not accepted any more
  stopping,        ///< this peer stops
};

std::string_view name_of(end_reason reason);

}  // namespace shoal
