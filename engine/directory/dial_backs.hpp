// Which ports of peers the tracker connects to, and what it found there. Bounds what joining can make it dial.
//
// A port is dialled once a minute at most. Who joins with it meanwhile gets the answer that was found. Of one origin
// (core/address_group), so many ports that did not answer are dialled in a minute; further ones count as shut. Ports
// that answer are not counted: a whole laboratory may sit behind one address. Pure; owned by tracker_node.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/time.hpp"

namespace shoal {

class dial_backs {
 public:
  static constexpr duration interval = std::chrono::minutes(1);

  /// `each`: the interval of one port.
  explicit dial_backs(duration each = interval) : interval_(each) {}

  /// More than one household has machines behind shut ports.
  static constexpr std::size_t shut_ports_max = 30;
  /// Ports of one origin that are dialled at the same time.
  static constexpr std::size_t under_way_max = 32;

  enum class plan {
    dial,       ///< now; it counts as begun, and on_result() follows
    wait,       ///< for the result of this port, or of others of the origin: ask again after it
    reachable,  ///< as was found within the interval
    unreachable,
  };
  [[nodiscard]] plan next(const std::string& host, std::uint16_t port, time_point now);
  void on_result(const std::string& host, std::uint16_t port, bool reachable);
  /// The dial that began did not take place.
  void on_abandoned(const std::string& host, std::uint16_t port);
  /// Dials of the host's origin that may begin beside those under way.
  std::size_t room(const std::string& host) const;

  /// Ports that are remembered.
  std::size_t size() const;

 private:
  enum class found : std::uint8_t { nothing_yet, open, shut };
  struct visit {
    time_point begun;
    found result = found::nothing_yet;
  };
  using ports = std::map<std::pair<std::string, std::uint16_t>, visit>;  ///< of all hosts of one origin
  static std::size_t under_way(const ports& known);
  void forget(time_point now);

  duration interval_;
  std::unordered_map<std::string, ports> origins_;
  time_point forgotten_at_ = time_point::min();
};

}  // namespace shoal
