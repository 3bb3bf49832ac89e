// Members of a large swarm, for tests of the registry: numbers of sessions, ids and newcomers from one number.
#pragma once

#include <cstdint>
#include <string>

#include "directory/registry.hpp"

namespace shoal::testing {

inline tracker_session_id session(std::uint32_t n) {
  return tracker_session_id{n};
}
inline peer_id peer(std::uint32_t n) {
  peer_id id;
  store_be32(id.bytes.data(), n);
  return id;
}
inline registry::newcomer newcomer(std::uint32_t n) {
  registry::newcomer one;
  one.row.peer = peer(n);
  one.row.name = "host" + std::to_string(n);
  one.row.address = "192.0.2.1";
  one.row.port = 7000;
  one.row.reachable = true;
  one.observed = "192.0.2.1";
  one.token.bytes.fill(static_cast<std::uint8_t>(n + 1));
  return one;
}

}  // namespace shoal::testing
