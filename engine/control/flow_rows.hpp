// What people can see of payload that moves: which pieces of a share are where, and who sends to whom. Like
// control/rows.
//
// tools/control_doc and tools/openapi read these descriptions, too. control/make_flows makes these rows from a peer.
// Values alone.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace shoal::rows {

/// A peer that has a session for a share with the peer that answers, or that peer itself.
struct piece_holder {
  std::string peer = {};
  std::string name = {};     ///< "" if no tracker lists it
  std::string address = {};  ///< "HOST:PORT"
  std::string client = {};   ///< what it says that it is
  bool self = false;         ///< the peer that answers
  bool seeder = false;       ///< it holds everything
  std::string map = {};      ///< of the pieces that it says it has, as `map` of `piece_map`
};
BOOST_DESCRIBE_STRUCT(piece_holder, (), (peer, name, address, client, self, seeder, map))

/// Which pieces of a share are where.
struct piece_map {
  std::string id = {};
  std::string name = {};
  std::uint64_t pieces = 0;
  std::uint64_t piece_bytes = 0;  ///< of all but the last piece of each file
  /// verified pieces of the peer that answers: base64 of a bitfield as of BEP 3, the first piece in the highest bit of
  /// the first byte
  std::string map = {};
  /// the peer that answers first; fewer than there are if all maps together had more than 4 MiB
  std::vector<piece_holder> holders = {};
};
BOOST_DESCRIBE_STRUCT(piece_map, (), (id, name, pieces, piece_bytes, map, holders))

/// A session with another peer for a share, and the payload that goes over it.
struct flow {
  std::string id = {};
  std::string name = {};
  std::string peer = {};
  std::string peer_name = {};  ///< "" if no tracker lists it
  std::string address = {};    ///< "HOST:PORT"
  std::string client = {};     ///< what the other peer says that it is
  double up = 0;               ///< bytes a second that go to it
  double down = 0;             ///< bytes a second that come from it
  std::uint64_t uploaded = 0;  ///< since the session began
  std::uint64_t downloaded = 0;
};
BOOST_DESCRIBE_STRUCT(flow, (), (id, name, peer, peer_name, address, client, up, down, uploaded, downloaded))

}  // namespace shoal::rows
