// A source of a simulation and how it behaves: an odd one for a downloader to cope with. Plain data.
//
// Everything may be combined: its rate, how far it is, what it holds, how it treats who asks, when its uplink changes
// or stands still, when it is away. Part of scenario; carried out by source and network.
#pragma once

#include <vector>

#include "core/bitmap.hpp"
#include "core/time.hpp"

namespace shoal::simulate {

/// How a source treats who asks.
enum class manner : std::uint8_t {
  serves,
  chokes,   ///< never unchokes
  mute,     ///< unchokes and answers nothing
  wavers,   ///< chokes and unchokes in turn; what was asked for before a choke is served still, as shoal does
  drops,    ///< as wavers, and rejects what waits when it chokes, as libtorrent does
  rejects,  ///< unchokes and rejects each request (BEP 6)
  lies,     ///< corrupts every second block
};

/// At this time after the begin the uplink becomes so fast, bytes per second. At 0 nothing leaves or reaches the
/// source, and nothing is lost: what was said meanwhile arrives when it goes on, as TCP has it.
struct rate_change {
  duration at{};
  double rate = 0;
};

/// From `begin` to `end` the source is gone: its connections close and dials fail.
struct absence {
  duration begin{};
  duration end{};
};

struct source_plan {
  double up = 0;       ///< bytes per second, more than 0
  duration latency{};  ///< one way, beyond scenario::latency
  manner treats = manner::serves;
  duration waver_period{};         ///< of wavers and drops: choked and unchoked for so long each
  std::vector<rate_change> rates;  ///< in order of time; the last one is not 0
  std::vector<absence> absences;   ///< in order of time, apart
  bitmap pieces;                   ///< that it holds; no bits: all

  /// Serves at the same rate all the time.
  bool steady() const { return treats == manner::serves && rates.empty() && absences.empty(); }
};

}  // namespace shoal::simulate
