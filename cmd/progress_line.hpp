// What one transfer or hashing looks like while it runs: lines of a given width, or one line for a log.
//
// Pure; progress_display decides when and where they are written.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "control/rows.hpp"

namespace shoal {

struct transfer_view {
  std::string name;    ///< printable
  std::string phase;   ///< of a download row (docs/CONTROL.md), or "hashing", "verifying"
  std::string reason;  ///< printable; why it waits or is slow, or empty
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  double rate = 0;           ///< bytes a second
  std::int64_t eta = -1;     ///< seconds, -1 unknown
  std::size_t sources = 0;   ///< connected ones
  bool has_sources = false;  ///< false for hashing
};

/// Uses `fallback_name` where the row names nothing.
transfer_view view_of(const rows::download& row, const std::string& fallback_name);
transfer_view view_of(const rows::progress& row, const std::string& fallback_name);
/// Reads the params of a `progress` notice: a download row, or the progress of hashing or verifying.
transfer_view view_of_notice(const boost::json::object& params, const std::string& fallback_name);

/// ", 1.9 GB of it was on this disk, 20 MB fetched", or "" if nothing was.
std::string reused_text(const rows::download& row);

/// The line with the bar, and below it the reason if there is one. No line takes more than `width` columns. Fields that
/// do not fit are left out, the least important first. The name takes `name_width` columns where there is room.
std::vector<std::string> render_bar(const transfer_view& view, std::size_t width, std::size_t name_width);

/// "NAME: 42 %, 1.20/3.00 GB, 120 MB/s, ETA 12 s, 3 sources; waiting for …"
std::string render_text(const transfer_view& view);

}  // namespace shoal
