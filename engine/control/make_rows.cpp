#include "control/make_rows.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <set>
#include <span>

#include "control/waits.hpp"
#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// The first `count_max`.
std::vector<rows::hashed> hashed_rows(std::span<const tracking::hashing_row> from, std::size_t count_max) {
  std::vector<rows::hashed> hashed;
  for (const tracking::hashing_row& one : from.first(std::min(from.size(), count_max)))
    hashed.push_back({.name = one.name, .bytes = one.bytes, .done = one.done});
  return hashed;
}

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string local_state(const peer_node& node, const share_id& id) {
  const auto one = node.library().hosted().find(id);
  if (!one) return "";
  if (one->content().complete()) return "seeding";
  const auto* running = one->downloading();
  if (running == nullptr || running->phase() == download_phase::failed) return "";
  const bool moves = running->phase() == download_phase::checking || running->phase() == download_phase::finishing;
  return moves || running->reason().empty() ? "downloading" : "waiting";
}

std::string phase_text(const share& which) {
  const auto* running = which.downloading();
  if (which.content().complete() || running == nullptr) return "complete";
  switch (running->phase()) {
    case download_phase::metadata:
      return "metadata";
    case download_phase::checking:
      return "checking";
    case download_phase::downloading:
      return running->reason().empty() ? "downloading" : "waiting";
    case download_phase::finishing:
      return "finishing";
    case download_phase::complete:
      return "complete";
    case download_phase::failed:
      return "failed";
  }
  return "";
}

std::int64_t unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The time of the news of a row, in seconds since 1970: when a tracker that lists or counts it was last heard of.
template <class Id>
std::int64_t as_of(const peer_node& node, const Id& id) {
  const catalogue& swarm = node.discovery().swarm();
  const auto knows = [&](std::size_t tracker) {
    if (swarm.lists(tracker, id)) return true;
    return std::same_as<Id, peer_id> && swarm.has_unlisted(tracker);
  };
  std::int64_t latest = 0;
  for (std::size_t i = 0; i < node.discovery().trackers().size(); ++i) {
    if (knows(i)) latest = std::max(latest, unix_seconds(node.discovery().trackers()[i]->last_news()));
  }
  return latest;
}

std::vector<rows::source> sources_of(const download& running) {
  std::vector<rows::source> sources;
  for (source_row& one : running.sources()) {
    const bool is_peer = one.name.what == source_name::kind::peer;
    sources.push_back({.kind = is_peer ? "peer" : "disk",
                       .peer = is_peer ? one.name.peer.hex() : "",
                       .address = std::move(one.name.address),
                       .client = std::move(one.name.client),
                       .bytes = one.bytes,
                       .rate = one.rate,
                       .state = std::move(one.state)});
  }
  return sources;
}

// A download that was cancelled.
rows::download row_of(const paused_download& one) {
  rows::download row{.id = one.row.id.hex(),
                     .name = one.row.name,
                     .phase = "cancelled",
                     .reason = "it goes on when it is downloaded again",
                     .path = one.row.directory + "/" + one.row.name};
  if (!one.info) return row;
  const geometry& shape = one.info->shape();
  const bitmap none(shape.piece_count());
  const bitmap safe = bitmap::from_bytes(one.row.safe, shape.piece_count()).value_or(none);
  const bitmap pending = bitmap::from_bytes(one.row.pending, shape.piece_count()).value_or(none);
  for (std::uint32_t i = 0; i < shape.piece_count(); ++i) {
    if (safe.test(i) || pending.test(i)) row.done += shape.piece_size(piece_index{i});
  }
  row.bytes = one.info->total_bytes();
  row.files = one.info->regular_file_count();
  return row;
}

rows::held_share held_row(const metainfo& info, const std::string& path) {
  return {.id = info.id().hex(),
          .name = info.name(),
          .path = path,
          .bytes = info.total_bytes(),
          .files = info.regular_file_count(),
          .there = true};
}

// Only where there are any.
template <class Row>
void put_limits(Row& row, const rate_limits& limits) {
  if (limits.up != 0) row.up_limit = limits.up;
  if (limits.down != 0) row.down_limit = limits.down;
}

std::string signature_text(standing of) {
  switch (of) {
    case standing::none:
      return "unsigned";
    case standing::unchecked:
      return "unchecked";
    case standing::right:
      return "right";
    case standing::wrong:
      return "wrong";
  }
  return "";
}

void put_signature(rows::listed_share& row, const publication& published, const trust_list& trust) {
  row.signature = signature_text(published.of_signature);
  if (!trust.empty()) row.trusted = published.is_signed() && trust.trusts(published.signer);
  if (!published.is_signed()) return;
  row.signer = to_base64(published.signer.view());
  row.fingerprint = fingerprint(published.signer);
  if (const std::string* name = trust.name_of(published.signer)) row.signer_name = *name;
}

template <class Row>
void tell_failure(Row& row, std::string& state, const error& why) {
  state = "failed";
  row.reason = why.text;
  row.class_ = name_of(why.code);
  if (why.helps != remedy::none) row.remedy = name_of(why.helps);
}

rows::listed_peer row_of(const peer_node& node, const tracking::peer_row& row) {
  return {.peer = row.peer.hex(),
          .name = row.name,
          .address = row.address,
          .port = row.port,
          .version = row.version,
          .reachable = row.reachable,
          .self = row.peer == node.id(),
          .key = row.key == key_id() ? std::string() : row.key.hex(),
          .as_of = as_of(node, row.peer),
          .hashing = hashed_rows(row.hashing, hashing_shown_max),
          .hashing_count = row.hashing.size()};
}

}  // namespace

void mark_failed(rows::download& row, const error& why) {
  tell_failure(row, row.phase, why);
}

void mark_failed(rows::added& row, const error& why) {
  tell_failure(row, row.state, why);
}

rows::added row_of(const added_share& added) {
  const share& what = *added.what;
  const share_content& here = what.content();
  return {.id = what.id().hex(),
          .name = what.name(),
          .path = here.files()->path(),
          .bytes = here.info()->total_bytes(),
          .files = here.info()->regular_file_count(),
          .state = added.state,
          .files_hashed = added.files_hashed,
          .files_known = added.files_known,
          .notes = added.notes};
}

std::vector<rows::listed_share> listed_shares(const peer_node& node, const std::string& glob, bool versions,
                                              const trust_list& trust) {
  std::vector<rows::listed_share> listed;
  // What this peer has itself needs no news.
  const std::int64_t now = unix_seconds(std::chrono::system_clock::now());
  auto matching = node.library().index().swarm_with_own().matching(glob);
  if (!versions) matching = catalogue::newest(std::move(matching));
  for (const auto& row : matching) {
    // An empty share is complete at every holder.
    const double availability = row.bytes > 0 ? static_cast<double>(row.held) / static_cast<double>(row.bytes)
                                              : static_cast<double>(row.seeders);
    listed.push_back({.id = row.id.hex(),
                      .name = row.name,
                      .bytes = row.bytes,
                      .files = row.files,
                      .seeders = row.seeders,
                      .leechers = row.leechers,
                      .availability = availability,
                      .published = static_cast<double>(row.publication.ms) / 1000,
                      .publisher = row.publication.known() ? row.publication.publisher.hex() : "",
                      .local = local_state(node, row.id),
                      .as_of = node.library().hosted().find(row.id) ? now : as_of(node, row.id)});
    put_signature(listed.back(), row.publication, trust);
  }
  for (const auto& one : node.library().index().hashing(glob)) {
    listed.push_back({.name = one.name,
                      .bytes = one.bytes,
                      .local = one.peer == node.id() ? "hashing" : "",
                      .reason = text_of(one)});
  }
  return listed;
}

std::vector<rows::listed_peer> listed_peers(const peer_node& node) {
  std::vector<rows::listed_peer> listed;
  for (const tracking::peer_row* row : node.discovery().swarm().peers()) listed.push_back(row_of(node, *row));
  return listed;
}

std::vector<rows::listed_peer> rows_of(const peer_node& node, const std::vector<tracking::peer_row>& peers) {
  std::vector<rows::listed_peer> listed;
  for (const tracking::peer_row& row : peers) listed.push_back(row_of(node, row));
  return listed;
}

std::vector<rows::swarm_key> known_keys(const peer_node& node, const std::vector<tracking::peer_row>& peers) {
  std::vector<rows::swarm_key> known;
  for (const swarm_key& one : node.keys().keys()) {
    known.push_back({.key = one.id().hex(), .use = known.empty() ? "offered" : "accepted"});
  }
  for (const tracking::peer_row& peer : peers) {
    if (peer.key == key_id()) continue;
    auto at = std::ranges::find(known, peer.key.hex(), &rows::swarm_key::key);
    if (at == known.end()) at = known.insert(known.end(), {.key = peer.key.hex(), .use = "unknown"});
    at->peers.push_back(peer.name);
  }
  return known;
}

std::vector<rows::away> trackers_away(const peer_node& node) {
  std::vector<rows::away> away;
  if (node.discovery().trackers().empty()) away.push_back({.reason = std::string(no_tracker_text)});
  for (std::size_t i = 0; i < node.discovery().trackers().size(); ++i) {
    const auto& tracker = node.discovery().trackers()[i];
    const tracker_state state = tracker->state();
    // The first attempt is neither here nor away. Who named one tracker does not miss another.
    if (state.connected || state.attempts == 0 || node.discovery().is_told(i)) continue;
    away.push_back(
        {.tracker = to_text(tracker->where()), .reason = state.reason, .as_of = unix_seconds(tracker->last_news())});
  }
  return away;
}

rows::download row_of(const share& which) {
  rows::download row{.id = which.id().hex(), .name = which.name(), .phase = phase_text(which)};
  const share_content& here = which.content();
  if (here.info()) {
    row.bytes = here.info()->total_bytes();
    row.files = here.info()->regular_file_count();
  }
  if (here.files()) row.path = here.files()->path();
  put_limits(row, which.limits());
  const auto* running = which.downloading();
  if (running == nullptr) {
    // Added here, not downloaded.
    row.done = row.bytes;
    row.eta = 0;
    row.already_there = true;
    return row;
  }
  const auto totals = running->totals();
  row.reason = running->reason();
  if (!running->ended()) row.why = running->why().text;
  row.done = running->bytes_done();
  row.rate = running->speed().rate();
  if (here.info() && row.done >= row.bytes) {
    row.eta = 0;
  } else if (row.rate > 0) {
    row.eta = static_cast<double>(row.bytes - row.done) / row.rate;
  }
  row.elapsed = seconds(running->elapsed());
  row.sources = sources_of(*running);
  row.chunks_stolen = totals.chunks_stolen;
  row.chunks_requeued = totals.chunks_requeued;
  row.bytes_duplicate = totals.bytes_duplicate;
  row.bytes_failed = totals.bytes_failed;
  row.bytes_zero = running->bytes().zero;
  row.bytes_reused = running->bytes().reused;
  row.bytes_fetched = running->bytes().fetched;
  row.notes = running->notes();
  row.already_there = running->already_there();
  if (running->phase() == download_phase::failed) mark_failed(row, running->failure());
  return row;
}

rows::why why_row(const share& which) {
  rows::why row{.id = which.id().hex(), .name = which.name(), .phase = phase_text(which)};
  const class download* running = which.downloading();
  if (which.content().complete() || running == nullptr) {
    row.cause = "complete";
    row.text = "it is complete";
    return row;
  }
  const limit_report report = running->why();
  row.cause = report.cause;
  row.text = report.text;
  row.rate = report.rate;
  row.possible = report.possible;
  if (report.possible > 0) row.share = std::min(1.0, report.rate / report.possible);
  return row;
}

rows::status status_of(const peer_node& node) {
  const certificate* shown = node.keys().shown();
  rows::status status{.peer = node.id().hex(),
                      .name = node.options().name,
                      .version = SHOAL_VERSION,
                      .listen = {to_text(node.local())},
                      .certificate = shown == nullptr ? "" : shown->fingerprint(),
                      .state_directory = node.state_path(),
                      .download_directory = node.options().download_directory,
                      .uptime = seconds(node.uptime()),
                      .bytes_uploaded = node.context().payload.sent(),
                      .bytes_downloaded = node.context().payload.received(),
                      .upload_rate = node.context().payload.upload_rate(),
                      .up_limit = node.library().limits_of_all().up,
                      .down_limit = node.library().limits_of_all().down};
  for (const auto& tracker : node.discovery().trackers()) {
    const auto& state = tracker->state();
    status.trackers.push_back({.url = to_text(tracker->where()), .connected = state.connected, .reason = state.reason});
  }
  for (const auto& [id, one] : node.library().hosted().all()) {
    status.sessions += one->peers().session_count();
    if (one->downloading() != nullptr) {
      status.download_rate += one->downloading()->speed().rate();
      status.downloads.push_back(row_of(*one));
    }
    if (!one->content().complete()) continue;
    status.shares.push_back(held_row(*one->content().info(), one->content().files()->path()));
    put_limits(status.shares.back(), one->limits());
  }
  for (const auto& [id, one] : node.library().downloads().paused()) status.downloads.push_back(row_of(one));
  for (const auto& [path, one] : node.library().missing().all()) {
    rows::held_share row = held_row(*one.info, path);
    row.there = false;
    row.reason = one.why.text;
    status.shares.push_back(std::move(row));
  }
  const time_point now = clock::now();
  status.hashing = hashed_rows(node.discovery().hashing().rows(now), tracking::hashing_rows_max);
  status.hashing_count = node.discovery().hashing().count(now);
  return status;
}

rows::verified verified_row(const share& which, const bitmap& good) {
  const metainfo& info = *which.content().info();
  std::set<std::uint32_t> bad_files;
  for (std::uint32_t i = 0; i < good.size(); ++i) {
    if (!good.test(i)) bad_files.insert(info.shape().piece_file(piece_index{i}).value());
  }
  rows::verified row{
      .id = which.id().hex(), .name = which.name(), .bytes = info.total_bytes(), .pieces = info.shape().piece_count()};
  for (const std::uint32_t file : bad_files) row.bad.push_back(info.files()[file].path);
  return row;
}

}  // namespace shoal
