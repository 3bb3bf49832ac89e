#include "gateway/peer_metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace shoal {

namespace {

/// What rows::download may say that it is doing.
constexpr std::array phases{"metadata",  "checking", "downloading", "waiting",
                            "finishing", "complete", "failed",      "cancelled"};

std::vector<std::pair<std::string, double>> downloads_by_phase(const rows::status& status) {
  std::vector<std::pair<std::string, double>> counts;
  for (const char* phase : phases) {
    counts.emplace_back(phase, std::ranges::count(status.downloads, phase, &rows::download::phase));
  }
  return counts;
}

}  // namespace

std::string peer_metrics(const rows::status& status, metrics_text::format how) {
  metrics_text text(how);
  text.info("shoal_build", "What this program is.", {{"version", status.version}});
  text.counter({"shoal_sent", "bytes", "Payload that this peer sent to others."},
               static_cast<double>(status.bytes_uploaded));
  text.counter({"shoal_received", "bytes", "Payload that this peer received from others."},
               static_cast<double>(status.bytes_downloaded));
  text.gauge({"shoal_sessions", {}, "Connections to other peers."}, static_cast<double>(status.sessions));
  text.gauge({"shoal_shares", {}, "Shares that this peer has completely."}, static_cast<double>(status.shares.size()));
  const auto missing = std::ranges::count(status.shares, false, &rows::held_share::there);
  text.gauge({"shoal_shares_missing", {}, "Of these, shares whose content is not there now."},
             static_cast<double>(missing));
  double held = 0;
  for (const rows::held_share& one : status.shares) held += static_cast<double>(one.bytes);
  text.gauge({"shoal_shared", "bytes", "Size of all shares that this peer has completely."}, held);
  text.gauges({"shoal_downloads", {}, "Downloads by what they do."}, "phase", downloads_by_phase(status));
  double lacks = 0;
  for (const rows::download& one : status.downloads) {
    if (one.phase != "complete") lacks += static_cast<double>(one.bytes - std::min(one.bytes, one.done));
  }
  text.gauge({"shoal_download_missing", "bytes", "What the downloads that are not complete still lack."}, lacks);
  const auto connected = std::ranges::count(status.trackers, true, &rows::tracker::connected);
  text.gauges({"shoal_trackers", {}, "Trackers by whether this peer is connected to them."}, "state",
              {{"connected", static_cast<double>(connected)},
               {"away", static_cast<double>(status.trackers.size()) - static_cast<double>(connected)}});
  text.process();
  return std::move(text).finish();
}

}  // namespace shoal
