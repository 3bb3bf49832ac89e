// Draws scenarios of one downloader and an uneven set of sources. Each has one kind of trouble, or all kinds mixed.
//
// Each scenario has steady sources that together hold everything (uneven.hpp). The same kind and seed give the same
// scenario.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "simulate/scenario.hpp"

namespace shoal::simulate {

enum class trouble : std::uint8_t {
  none,      ///< full holders, near and about equally fast
  partial,   ///< holders of a part each
  slow,      ///< 0.1 % to 100 % of the fastest
  drips,     ///< 1 KiB/s
  stalls,    ///< its uplink stands still, several times
  chokes,    ///< for ever
  mute,      ///< unchokes and answers nothing
  wavers,    ///< chokes and unchokes again and again
  rejects,   ///< everything
  lies,      ///< corrupts
  vanishes,  ///< and returns
  changes,   ///< its rate
  far,       ///< up to 300 ms one way, each as far as it likes
  mixed,     ///< all of these
};

struct trouble_name {
  trouble kind;
  std::string_view name;
};
std::span<const trouble_name> all_troubles();

/// Downlink of the downloader, and of no other node. It is as good as unlimited.
inline constexpr double uneven_downlink = 1e12;

scenario draw_uneven(trouble kind, std::uint64_t seed);

}  // namespace shoal::simulate
