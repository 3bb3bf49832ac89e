#include "control/make_dump.hpp"

#include <sys/utsname.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "control/make_rows.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// More would make the dump of a large download unreadable.
constexpr std::size_t pieces_max = 1000;

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string system_text() {
  utsname about{};
  if (::uname(&about) != 0) return "";
  return std::string(about.sysname) + " " + about.release + " " + about.machine;
}

std::vector<rows::dumped_source> sources_of(const download& running) {
  std::vector<rows::dumped_source> sources;
  const transfer* decides = running.decides();
  for (const auto& [number, one] : running.used().in_use()) {
    const source_name name = one->name();
    rows::dumped_source row{.address = name.address,
                            .client = name.client,
                            .limit = one->their_limit(),
                            .round_trip = seconds(one->limits().distance)};
    if (name.what == source_name::kind::peer) row.peer = name.peer.hex();
    if (decides != nullptr) {
      const auto stats = decides->stats(number);
      row.doing = name_of(decides->activity(number));
      row.rate = stats.rate;
      row.bytes = stats.bytes_received;
      row.in_flight = stats.bytes_in_flight;
      row.pieces = stats.pieces_held;
    }
    sources.push_back(std::move(row));
  }
  return sources;
}

rows::dumped_download dump_of(const share& which, const download& running, bool names) {
  const rows::download row = row_of(which);
  const rows::why why = why_row(which);
  rows::dumped_download dumped{.id = row.id,
                               .name = names ? row.name : "",
                               .phase = row.phase,
                               .cause = why.cause,
                               .text = names ? why.text : "",
                               .bytes = row.bytes,
                               .done = row.done,
                               .rate = row.rate,
                               .elapsed = row.elapsed,
                               .silence = seconds(running.silence()),
                               .known_peers = which.peers().known_count(),
                               .banned_peers = which.peers().banned_count(),
                               .last_dial_error = which.peers().last_dial_error(),
                               .chunks_stolen = row.chunks_stolen,
                               .chunks_requeued = row.chunks_requeued,
                               .bytes_duplicate = row.bytes_duplicate,
                               .bytes_failed = row.bytes_failed,
                               .sources = sources_of(running)};
  if (const metainfo_ptr& info = which.content().info()) {
    dumped.piece_bytes = info->shape().piece_bytes();
    dumped.pieces = info->shape().piece_count();
  }
  if (const transfer* decides = running.decides()) {
    dumped.pieces_verified = decides->verified().count();
    dumped.pieces_nobody_has = decides->held_by_nobody().count();
    for (const auto& piece : decides->begun()) {
      if (dumped.begun.size() == pieces_max) break;
      dumped.begun.push_back({.piece = piece.piece.value(),
                              .missing = piece.missing,
                              .asked = piece.asked,
                              .one_source = piece.one_source});
    }
  }
  return dumped;
}

}  // namespace

rows::dump dump_of(const peer_node& node, bool names) {
  const rows::status status = status_of(node);
  const peer_context& context = node.context();
  const thread_load::shares load = context.load.last(clock::now());
  rows::dump dumped{.version = status.version,
                    .system = system_text(),
                    .cores = std::thread::hardware_concurrency(),
                    .time = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(),
                    .uptime = status.uptime,
                    .peer = status.peer,
                    .closed_swarm = !node.keys().keys().empty(),
                    .trackers = status.trackers,
                    .sessions = status.sessions,
                    .sessions_max = context.budget.sessions,
                    .shares = status.shares.size(),
                    .buffers = context.buffers.in_use(),
                    .up_limit = status.up_limit,
                    .down_limit = status.down_limit,
                    .bytes_uploaded = status.bytes_uploaded,
                    .bytes_downloaded = status.bytes_downloaded,
                    .upload_rate = status.upload_rate,
                    .thread_works = load.works,
                    .thread_waits = load.waits};
  for (const auto& [id, one] : node.library().hosted().all()) {
    if (one->downloading() != nullptr) dumped.downloads.push_back(dump_of(*one, *one->downloading(), names));
  }
  return dumped;
}

}  // namespace shoal
