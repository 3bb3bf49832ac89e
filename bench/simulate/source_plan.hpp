// A source of a simulation and how it behaves: an odd source for a downloader to cope with. Plain data.
//
// Everything may be combined: its rate, its distance, what it holds, how it treats a downloader, when its uplink
// changes or stands still, and when it is away. Part of scenario; source and network carry it out.
#pragma once

#include <vector>

#include "core/bitmap.hpp"
#include "core/time.hpp"

namespace shoal::simulate {

/// How a source treats a downloader.
enum class manner : std::uint8_t {
  serves,
  chokes,   ///< never unchokes
  mute,     ///< unchokes and answers nothing
  wavers,   ///< chokes and unchokes in turn, and still serves what was asked for before a choke, as shoal does
  drops,    ///< like wavers, but rejects waiting requests when it chokes, as libtorrent does
  rejects,  ///< unchokes and rejects each request (BEP 6)
  lies,     ///< corrupts every second block
};

/// At this time after the beginning the uplink has this rate, in bytes per second. At 0 nothing leaves or reaches the
/// source, and nothing is lost. What was sent meanwhile arrives when the source goes on, as with TCP.
struct rate_change {
  duration at{};
  double rate = 0;
};

/// From `begin` to `end` the source is gone: its connections close, and dials fail.
struct absence {
  duration begin{};
  duration end{};
};

struct source_plan {
  double up = 0;       ///< bytes per second, more than 0
  duration latency{};  ///< one way, on top of scenario::latency
  manner treats = manner::serves;
  duration waver_period{};         ///< wavers and drops choke and unchoke for so long each
  std::vector<rate_change> rates;  ///< in order of time; the last one is not 0
  std::vector<absence> absences;   ///< in order of time, not touching each other
  bitmap pieces;                   ///< pieces that it holds; no bits: all

  /// Serves at the same rate all the time.
  bool steady() const { return treats == manner::serves && rates.empty() && absences.empty(); }
};

}  // namespace shoal::simulate
