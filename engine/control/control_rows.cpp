#include "control/control_rows.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "net/endpoint.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string local_state(const peer_node& node, const share_id& id) {
  const auto at = node.shares().find(id);
  if (at == node.shares().end()) return "";
  if (at->second->complete()) return "seeding";
  const auto* running = at->second->downloading();
  if (running == nullptr || running->phase() == download_phase::failed) return "";
  const bool moves = running->phase() == download_phase::checking || running->phase() == download_phase::finishing;
  return moves || running->reason().empty() ? "downloading" : "waiting";
}

std::string phase_text(const share& which) {
  const auto* running = which.downloading();
  if (which.complete() || running == nullptr) return "complete";
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

// The time of the news of a row, in seconds since 1970: when a tracker that lists it was last heard of.
template <class Id>
std::int64_t as_of(const peer_node& node, const Id& id) {
  std::int64_t latest = 0;
  for (std::size_t i = 0; i < node.discovery().trackers().size(); ++i) {
    if (node.discovery().swarm().lists(i, id))
      latest = std::max(latest, unix_seconds(node.discovery().trackers()[i]->last_news()));
  }
  return latest;
}

json::array sources_json(const download& running) {
  json::array rows;
  for (const source_row& one : running.sources()) {
    rows.push_back(json::object{{"peer", one.peer.hex()},
                                {"address", one.address},
                                {"client", one.client},
                                {"bytes", one.bytes},
                                {"rate", one.rate},
                                {"state", one.state}});
  }
  return rows;
}

// What a download row says of a transfer, of one that does not run.
void put_idle(json::object& row) {
  row["rate"] = 0;
  row["elapsed"] = 0;
  row["sources"] = json::array();
  for (const char* count : {"chunks_stolen", "chunks_requeued", "bytes_duplicate", "bytes_failed", "bytes_zero"}) {
    row[count] = 0;
  }
}

}  // namespace

json::object failed_row(json::object row, std::string_view state, const error& why) {
  row[state] = "failed";
  row["reason"] = why.text;
  row["class"] = name_of(why.code);
  return row;
}

json::object added_json(const added_share& added) {
  const share& what = *added.what;
  json::array notes(added.notes.begin(), added.notes.end());
  return {{"id", what.id().hex()},
          {"name", what.name()},
          {"path", what.files()->path()},
          {"bytes", what.info()->total_bytes()},
          {"files", what.info()->regular_file_count()},
          {"state", added.state},
          {"files_hashed", added.files_hashed},
          {"files_known", added.files_known},
          {"notes", std::move(notes)}};
}

json::array list_json(const peer_node& node, const std::string& glob, bool versions) {
  json::array rows;
  // What this peer has itself needs no news.
  const std::int64_t now = unix_seconds(std::chrono::system_clock::now());
  auto matching = node.catalogue_with_own().matching(glob);
  if (!versions) matching = catalogue::newest(std::move(matching));
  for (const auto& row : matching) {
    // An empty share is complete at every holder.
    const double availability = row.bytes > 0 ? static_cast<double>(row.held) / static_cast<double>(row.bytes)
                                              : static_cast<double>(row.seeders);
    rows.push_back(json::object{{"id", row.id.hex()},
                                {"name", row.name},
                                {"bytes", row.bytes},
                                {"files", row.files},
                                {"seeders", row.seeders},
                                {"leechers", row.leechers},
                                {"availability", availability},
                                {"published", static_cast<double>(row.publication.ms) / 1000},
                                {"publisher", row.publication.known() ? row.publication.publisher.hex() : ""},
                                {"local", local_state(node, row.id)},
                                {"as_of", node.shares().contains(row.id) ? now : as_of(node, row.id)}});
  }
  for (const auto& one : node.hashing(glob)) {
    rows.push_back(json::object{{"id", ""},
                                {"name", one.name},
                                {"bytes", one.bytes},
                                {"files", 0},
                                {"seeders", 0},
                                {"leechers", 0},
                                {"availability", 0.0},
                                {"local", one.peer == node.id() ? "hashing" : ""},
                                {"reason", text_of(one)}});
  }
  return rows;
}

json::array hashing_json(const peer_node& node) {
  json::array rows;
  for (const live::hashing_row& one : node.discovery().hashing().rows(clock::now())) {
    rows.push_back(json::object{{"name", one.name}, {"bytes", one.bytes}, {"done", one.done}});
  }
  return rows;
}

json::array peers_json(const peer_node& node) {
  json::array rows;
  for (const auto& row : node.discovery().swarm().peers()) {
    rows.push_back(json::object{{"peer", row.peer.hex()},
                                {"name", row.name},
                                {"address", row.address},
                                {"port", row.port},
                                {"version", row.version},
                                {"reachable", row.reachable},
                                {"self", row.peer == node.id()},
                                {"as_of", as_of(node, row.peer)}});
  }
  return rows;
}

json::array away_json(const peer_node& node) {
  json::array rows;
  for (const auto& tracker : node.discovery().trackers()) {
    const tracker_state state = tracker->state();
    // The first attempt is neither here nor away.
    if (state.connected || state.attempts == 0) continue;
    rows.push_back(json::object{{"what", "away"},
                                {"tracker", to_text(tracker->where())},
                                {"reason", state.reason},
                                {"as_of", unix_seconds(tracker->last_news())}});
  }
  return rows;
}

json::object download_json(const share& which) {
  json::object row{{"id", which.id().hex()}, {"name", which.name()}, {"phase", phase_text(which)}};
  const std::uint64_t bytes = which.info() ? which.info()->total_bytes() : 0;
  row["bytes"] = bytes;
  row["files"] = which.info() ? which.info()->regular_file_count() : 0;
  row["path"] = which.files() ? which.files()->path() : "";
  const auto* running = which.downloading();
  row["notes"] = running != nullptr ? json::array(running->notes().begin(), running->notes().end()) : json::array();
  if (running == nullptr) {
    // Added here, not downloaded.
    put_idle(row);
    row["reason"] = "";
    row["done"] = bytes;
    row["eta"] = 0;
    row["already_there"] = true;
    return row;
  }
  const std::uint64_t done = running->bytes_done();
  const double rate = running->rate();
  const auto totals = running->totals();
  row["reason"] = running->reason();
  row["done"] = done;
  row["rate"] = rate;
  row["eta"] = done >= bytes ? 0 : rate > 0 ? static_cast<double>(bytes - done) / rate : -1;
  row["elapsed"] = seconds(running->elapsed());
  row["sources"] = sources_json(*running);
  row["chunks_stolen"] = totals.chunks_stolen;
  row["chunks_requeued"] = totals.chunks_requeued;
  row["bytes_duplicate"] = totals.bytes_duplicate;
  row["bytes_failed"] = totals.bytes_failed;
  row["bytes_zero"] = running->bytes_zero();
  row["already_there"] = running->already_there();
  return row;
}

namespace {

// A download that was cancelled, as download_json().
json::object paused_json(const paused_download& one) {
  json::object row{{"id", one.row.id.hex()}, {"name", one.row.name}, {"phase", "cancelled"}};
  std::uint64_t done = 0;
  if (one.info) {
    const geometry& shape = one.info->shape();
    const bitmap none(shape.piece_count());
    const bitmap safe = bitmap::from_bytes(one.row.safe, shape.piece_count()).value_or(none);
    const bitmap pending = bitmap::from_bytes(one.row.pending, shape.piece_count()).value_or(none);
    for (std::uint32_t i = 0; i < shape.piece_count(); ++i) {
      if (safe.test(i) || pending.test(i)) done += shape.piece_size(piece_index{i});
    }
  }
  row["bytes"] = one.info ? one.info->total_bytes() : 0;
  row["files"] = one.info ? one.info->regular_file_count() : 0;
  row["path"] = one.row.directory + "/" + one.row.name;
  row["reason"] = "it goes on when it is downloaded again";
  row["done"] = done;
  row["eta"] = -1;
  row["notes"] = json::array();
  row["already_there"] = false;
  put_idle(row);
  return row;
}

}  // namespace

json::object status_json(const peer_node& node) {
  json::array trackers;
  for (const auto& tracker : node.discovery().trackers()) {
    const auto& state = tracker->state();
    trackers.push_back(
        json::object{{"url", to_text(tracker->where())}, {"connected", state.connected}, {"reason", state.reason}});
  }
  json::array downloads;
  json::array shares;
  double download_rate = 0;
  std::size_t sessions = 0;
  for (const auto& [id, one] : node.shares()) {
    sessions += one->sessions().size();
    if (one->downloading() != nullptr) {
      download_rate += one->downloading()->rate();
      downloads.push_back(download_json(*one));
    }
    if (one->complete()) {
      shares.push_back(json::object{{"id", id.hex()},
                                    {"name", one->name()},
                                    {"path", one->files()->path()},
                                    {"bytes", one->info()->total_bytes()},
                                    {"files", one->info()->regular_file_count()},
                                    {"there", true}});
    }
  }
  for (const auto& [id, one] : node.paused()) downloads.push_back(paused_json(one));
  for (const auto& [path, one] : node.missing()) {
    shares.push_back(json::object{{"id", one.info->id().hex()},
                                  {"name", one.info->name()},
                                  {"path", path},
                                  {"bytes", one.info->total_bytes()},
                                  {"files", one.info->regular_file_count()},
                                  {"there", false},
                                  {"reason", one.why.text}});
  }
  return {{"peer", node.id().hex()},
          {"name", node.options().name},
          {"version", SHOAL_VERSION},
          {"listen", json::array{to_text(node.local())}},
          {"state_directory", node.state_path()},
          {"download_directory", node.options().download_directory},
          {"uptime", seconds(node.uptime())},
          {"trackers", std::move(trackers)},
          {"downloads", std::move(downloads)},
          {"shares", std::move(shares)},
          {"hashing", hashing_json(node)},
          {"sessions", sessions},
          {"bytes_uploaded", node.context().bytes_uploaded},
          {"bytes_downloaded", node.context().bytes_downloaded},
          {"upload_rate", node.upload_rate()},
          {"download_rate", download_rate}};
}

json::object verify_json(const share& which, const bitmap& good) {
  const metainfo& info = *which.info();
  std::set<std::uint32_t> bad_files;
  for (std::uint32_t i = 0; i < good.size(); ++i) {
    if (!good.test(i)) bad_files.insert(info.shape().piece_file(piece_index{i}).value());
  }
  json::array bad;
  for (const std::uint32_t file : bad_files) bad.emplace_back(info.files()[file].path);
  return {{"id", which.id().hex()},
          {"name", which.name()},
          {"bytes", info.total_bytes()},
          {"pieces", info.shape().piece_count()},
          {"bad", std::move(bad)}};
}

}  // namespace shoal
