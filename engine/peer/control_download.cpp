#include "peer/control_download.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "content/magnet.hpp"
#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "peer/control_params.hpp"
#include "peer/control_rows.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

using outcome = result<json::value>;

// How long a word waits for a share that nobody lists: several batches of the tracker.
constexpr duration news_wait = std::chrono::milliseconds(500);

constexpr duration hashing_look_interval = std::chrono::milliseconds(250);

// How long a peer that hashes what is waited for may be away: it comes back as soon as it finds its tracker again.
constexpr duration absence_wait = std::chrono::seconds(10);

// How long a word waits for the first news of a tracker: one nearby answers at once.
constexpr duration names_wait = std::chrono::seconds(1);

result<std::vector<download_request>> requests_of_rows(const result<std::vector<live::share_row>>& rows,
                                                       const download_request& common) {
  if (!rows) return rows.error();
  std::vector<download_request> requests;
  for (const auto& row : *rows) {
    download_request request = common;
    request.id = row.id;
    request.name = row.name;
    requests.push_back(std::move(request));
  }
  return requests;
}

bool unknown(const result<std::vector<live::share_row>>& rows) {
  return !rows && rows.error().code == errc::not_found;
}

// What a word means among the shares that trackers list and ours: what was downloaded before is here even when nobody
// lists it.
result<std::vector<live::share_row>> find_known(const peer_node& node, const std::string& what) {
  return node.known().find(what);
}

bool is_here(const peer_node& node, const peer_id& peer) {
  return peer == node.id() || node.swarm().peer(peer) != nullptr;
}

error not_hashed_any_more(const peer_node& node, const hashed_share& last) {
  return {errc::not_found, "no share called '" + last.name + "': " + last.peer_name +
                               (is_here(node, last.peer) ? " was hashing it and stopped: add it there again"
                                                         : " was hashing it and left the swarm: see 'node list'")};
}

void tell_hashing(control_call& call, const hashed_share& one) {
  call.notify({{"id", ""}, {"name", one.name}, {"phase", "waiting"}, {"reason", text_of(one)}, {"bytes", one.bytes}});
}

// A pattern means all that match it, so it waits for those that are hashed, too; a name only while nobody lists it.
std::vector<hashed_share> awaited(const peer_node& node, const std::string& what, bool known) {
  const bool pattern = what.find_first_of("*?[") != std::string::npos && node.known().named(what).empty();
  return known && !pattern ? std::vector<hashed_share>() : node.hashing(what);
}

// What somebody has just added is listed everywhere a moment later, and what somebody hashes when that is done.
awaitable<result<std::vector<live::share_row>>> find_soon(control_call& call, std::string what) {
  auto give_up = clock::now() + news_wait;
  std::optional<hashed_share> last;
  // A pattern waits for what was hashed when it was given, and not for all that comes after.
  std::optional<std::set<std::pair<std::string, peer_id>>> begun;
  bool away = false;
  time_point tell_at{};
  while (true) {
    auto rows = find_known(call.node, what);
    const bool known = !unknown(rows);
    auto hashed = awaited(call.node, what, known);
    if (!begun) {
      begun.emplace();
      for (const hashed_share& one : hashed) begun->emplace(one.name, one.peer);
    } else if (known) {
      std::erase_if(hashed, [&begun](const hashed_share& one) { return !begun->contains({one.name, one.peer}); });
    }
    if ((known && hashed.empty()) || call.abandoned()) co_return rows;
    const auto now = clock::now();
    if (!hashed.empty()) {
      last = std::move(hashed.front());
      away = false;
      give_up = now + news_wait;
      if (now >= tell_at) {
        tell_hashing(call, *last);
        tell_at = now + told_interval;
      }
    } else if (last && !away && !is_here(call.node, last->peer)) {
      away = true;
      give_up = now + absence_wait;
    }
    if (now >= give_up) {
      if (last) co_return not_hashed_any_more(call.node, *last);
      co_return rows;
    }
    // Each look goes over the whole catalogue, which changes all the time in a large swarm.
    const auto look_again = std::min(give_up, last ? now + hashing_look_interval : now);
    const auto wake_at = last ? look_again : give_up;
    do {
      co_await wait_for_change(call, wake_at);
    } while (clock::now() < look_again && !call.abandoned());
  }
}

// A tracker has said what there is, or cannot be reached at the moment.
bool names_known(const peer_node& node) {
  return node.catalogue_ready() ||
         std::ranges::any_of(node.trackers(), [](const auto& tracker) { return tracker->state().attempts > 0; });
}

// What is here may have a newer version, and a file the name of a share.
awaitable<void> wait_for_names(control_call& call) {
  const auto give_up = clock::now() + names_wait;
  while (!names_known(call.node) && !call.abandoned() && clock::now() < give_up) {
    co_await wait_for_change(call, give_up);
  }
}

awaitable<result<std::vector<live::share_row>>> find_listed(control_call& call, std::string what) {
  co_await wait_for_names(call);
  if (unknown(find_known(call.node, what))) co_await wait_for_catalogue(call);
  auto rows = co_await find_soon(call, what);
  if (unknown(rows) && !call.node.catalogue_ready()) co_return without_tracker(call);
  for (const auto& tracker : call.node.trackers()) {
    if (!unknown(rows) || tracker->state().connected) continue;
    co_return error{errc::unreachable, rows.error().text + "; tracker " + to_text(tracker->where()) +
                                           " is away, which may list it: " + tracker->state().reason};
  }
  co_return rows;
}

// Takes over what a link or a file says of the way in, and notes what is not used of it.
void go_in(const peer_node& node, const way_in& way, download_request& request) {
  request.peers.insert(request.peers.end(), way.peers.begin(), way.peers.end());
  if (const std::string unused = unused_text(way); !unused.empty()) request.notes.push_back(unused);
  for (const std::string& endpoint : way.trackers) {
    const bool ours = std::ranges::any_of(
        node.trackers(), [&endpoint](const auto& tracker) { return to_text(tracker->where()) == endpoint; });
    // Whoever speaks to it tells it everything that is shared here: not for the sake of a link.
    if (!ours) request.notes.push_back("tracker " + endpoint + " is not asked: this peer does not run with it");
  }
}

// The file that a word names, unless a share has that name.
awaitable<result<std::vector<download_request>>> requests_of_file(control_call& call, download_request common,
                                                                  std::string torrent) {
  const auto name = text_param(call, "what");
  if (name) {
    co_await wait_for_names(call);
    const auto rows = find_known(call.node, *name);
    const bool exact = rows ? rows->front().name == *name : rows.error().code == errc::ambiguous;
    if (exact) co_return requests_of_rows(rows, common);
  }
  // One of a million files takes seconds.
  auto read = [torrent = std::move(torrent)]() -> result<std::pair<metainfo_ptr, way_in>> {
    const auto bytes = from_base64(torrent);
    if (!bytes) return error{errc::malformed, "parameter 'torrent' is not base64"};
    const auto info = metainfo::from_torrent(*bytes);
    if (!info) return info.error();
    return std::pair(*info, way_in_of_torrent(*bytes));
  };
  const auto file = co_await offload(call.node.context().background, std::move(read));
  if (!file) co_return file.error();
  go_in(call.node, file->second, common);
  common.id = file->first->id();
  common.name = file->first->name();
  common.info = file->first;
  co_return std::vector{std::move(common)};
}

// What a word means: a link and an id mean themselves, then come names. One request for each share.
awaitable<result<std::vector<download_request>>> requests_of_word(control_call& call, download_request common,
                                                                  std::string what) {
  const auto link = parse_magnet(what);
  if (link) {
    common.id = link->id;
    common.name = link->name.empty() ? link->id.hex() : link->name;
    go_in(call.node, link->way, common);
    co_return std::vector{std::move(common)};
  }
  const auto listed = find_known(call.node, what);
  const auto id = share_id::from_hex(what);
  if (!listed && id && !common.peers.empty()) {
    common.id = *id;
    common.name = what;
    co_return std::vector{std::move(common)};
  }
  // Nobody who pastes a damaged link means a name.
  if (!listed && looks_like_magnet(what)) co_return link.error();
  co_return requests_of_rows(co_await find_listed(call, what), common);
}

awaitable<result<std::vector<download_request>>> requests_of(control_call& call) {
  download_request common;
  common.directory = text_param(call, "directory").value_or("");
  common.make_directory = !common.directory.empty();
  common.symlinks = flag_param(call, "symlinks", false);
  common.keep_modes = flag_param(call, "keep_mode", false);
  common.peers = list_param(call, "peers");
  auto torrent = text_param(call, "torrent");
  if (torrent) co_return co_await requests_of_file(call, std::move(common), std::move(*torrent));
  auto what = text_param(call, "what");
  if (!what) co_return missing_param("what");
  co_return co_await requests_of_word(call, std::move(common), std::move(*what));
}

// A share that a request waits for, and what its words said that is not used.
struct begun_download {
  std::shared_ptr<share> what;
  std::vector<std::string> notes;
};

json::object row_of(const begun_download& one) {
  json::object row = download_json(*one.what);
  json::array& notes = row["notes"].as_array();
  notes.insert(notes.begin(), one.notes.begin(), one.notes.end());
  return row;
}

// Says to the downloads of one request that it waits for them, as long as it does.
class waiting_request {
 public:
  explicit waiting_request(const control_call& call) : call_(call) {}
  waiting_request(const waiting_request&) = delete;
  waiting_request& operator=(const waiting_request&) = delete;
  ~waiting_request() {
    for (const auto& [one, at] : for_) one->waiting.erase(at);
  }

  void wait_for(const std::shared_ptr<share>& one) {
    for_.emplace_back(one, one->waiting.insert(one->waiting.end(), [this] { return !call_.abandoned(); }));
  }

 private:
  const control_call& call_;
  std::vector<std::pair<std::shared_ptr<share>, std::list<std::function<bool()>>::iterator>> for_;
};

// Begins the download, or finds what is here; an error if what is here is somewhere else.
awaitable<result<std::shared_ptr<share>>> begin_download(control_call& call, download_request request) {
  const std::string directory = request.directory;
  auto begun = co_await call.node.download(std::move(request));
  if (!begun) co_return begun;
  const std::string here = (*begun)->files() ? (*begun)->files()->path() : std::string{};
  if (directory.empty() || !(*begun)->complete() || here.empty()) co_return begun;
  auto look = [here, directory] {
    std::error_code ec;
    return std::filesystem::equivalent(std::filesystem::path(here).parent_path(), directory, ec);
  };
  const bool same = co_await offload(call.node.context().background, std::move(look));
  if (same) co_return begun;
  co_return error{errc::conflict, "'" + (*begun)->name() + "' is here already, at " + here +
                                      ": copy it from there, or remove it first"};
}

awaitable<void> wait_for_end(control_call& call, const std::vector<begun_download>& running) {
  auto active = [](const begun_download& begun) {
    const auto& one = begun.what;
    return !one->stopped() && !one->complete() && one->downloading() != nullptr && !one->downloading()->ended();
  };
  while (!call.abandoned() && std::any_of(running.begin(), running.end(), active)) {
    for (const auto& one : running) call.notify(row_of(one));
    const auto next = clock::now() + told_interval;
    while (clock::now() < next && std::any_of(running.begin(), running.end(), active)) {
      co_await call.node.changes().wait_until(next);
    }
  }
}

// Somebody waits besides the one who is about to leave.
bool wanted_by_others(const share& one) {
  return std::ranges::count_if(one.waiting, [](const auto& still_waits) { return still_waits(); }) > 1;
}

// Why the download did not end well; nothing if it did, or goes on.
std::optional<error> failure_of(const share& one, bool waited) {
  if (one.downloading() != nullptr && one.downloading()->phase() == download_phase::failed) {
    return one.downloading()->failure();
  }
  if (!waited || !one.stopped() || one.complete()) return std::nullopt;
  return error{errc::cancelled, "the download of '" + one.name() + "' was cancelled: what it has is kept"};
}

}  // namespace

awaitable<result<json::value>> do_download(control_call& call) {
  auto requests = co_await requests_of(call);
  if (!requests) co_return requests.error();
  const bool wait = flag_param(call, "wait", true);
  const bool only = requests->size() == 1;
  std::vector<begun_download> running;
  waiting_request waiting(call);
  json::array rows;
  for (auto& request : *requests) {
    json::object row{{"id", request.id.hex()}, {"name", request.name}};
    auto notes = request.notes;
    auto begun = co_await begin_download(call, std::move(request));
    if (!begun && only) co_return begun.error();
    if (!begun) {
      // One that fails does not keep the others from arriving.
      rows.push_back(failed_row(std::move(row), "phase", begun.error()));
      continue;
    }
    if (wait) {
      waiting.wait_for(*begun);
    } else {
      (*begun)->in_background = true;
    }
    running.push_back({*begun, std::move(notes)});
  }
  if (wait) co_await wait_for_end(call, running);
  for (const auto& one : running) {
    const auto failure = failure_of(*one.what, wait);
    if (failure && only) co_return *failure;
    rows.push_back(failure ? failed_row(row_of(one), "phase", *failure) : row_of(one));
  }
  co_return json::value(std::move(rows));
}

awaitable<result<json::value>> do_cancel(control_call& call) {
  const auto text = text_param(call, "id");
  const auto what = text_param(call, "what");
  if (!text && !what) co_return missing_param("what");
  result<share_id> id = error{errc::usage, "parameter 'id' is no id"};
  if (what) {
    id = call.node.find_unfinished(*what);
  } else if (const auto given = share_id::from_hex(*text)) {
    id = *given;
  }
  if (!id) co_return id.error();
  const auto at = call.node.shares().find(*id);
  const auto one = at != call.node.shares().end() ? at->second : nullptr;
  json::object row{{"id", id->hex()}, {"name", one ? one->name() : ""}, {"cancelled", false}};
  if (flag_param(call, "leave", false) && one && (one->in_background || wanted_by_others(*one))) {
    co_return json::value(std::move(row));
  }
  const auto cancelled = co_await call.node.cancel(*id);
  if (!cancelled) co_return cancelled.error();
  row["cancelled"] = true;
  co_return json::value(std::move(row));
}

}  // namespace shoal
