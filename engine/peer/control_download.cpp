#include "peer/control_download.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <utility>
#include <vector>

#include "content/magnet.hpp"
#include "core/base64.hpp"
#include "peer/control_params.hpp"
#include "peer/control_rows.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

using outcome = result<json::value>;

// How long a word waits for a share that nobody lists: several batches of the tracker.
constexpr duration news_wait = std::chrono::milliseconds(500);

// What somebody has just added is listed everywhere a moment later.
awaitable<result<std::vector<live::share_row>>> find_soon(control_call& call, std::string what) {
  const auto give_up = clock::now() + news_wait;
  while (true) {
    auto rows = call.node.swarm().find(what);
    const bool unknown = !rows && rows.error().code == errc::not_found;
    if (!unknown || call.abandoned() || clock::now() >= give_up) co_return rows;
    co_await wait_for_change(call, give_up);
  }
}

// What the words of a download mean: one request for each share.
awaitable<result<std::vector<download_request>>> requests_of(control_call& call) {
  download_request common;
  common.directory = text_param(call, "directory").value_or("");
  common.make_directory = !common.directory.empty();
  common.symlinks = flag_param(call, "symlinks", false);
  common.peers = list_param(call, "peers");
  std::vector<download_request> requests;
  if (const auto torrent = text_param(call, "torrent")) {
    const auto bytes = from_base64(*torrent);
    if (!bytes) co_return error{errc::malformed, "parameter 'torrent' is not base64"};
    const auto info = metainfo::from_torrent(*bytes);
    if (!info) co_return info.error();
    common.id = (*info)->id();
    common.name = (*info)->name();
    common.info = *info;
    requests.push_back(std::move(common));
    co_return requests;
  }
  const auto what = text_param(call, "what");
  if (!what) co_return missing_param("what");
  if (looks_like_magnet(*what)) {
    const auto link = parse_magnet(*what);
    if (!link) co_return link.error();
    common.id = link->id;
    common.name = link->name.empty() ? link->id.hex() : link->name;
    common.peers.insert(common.peers.end(), link->peers.begin(), link->peers.end());
    requests.push_back(std::move(common));
    co_return requests;
  }
  if (const auto id = share_id::from_hex(*what); id && !common.peers.empty()) {
    common.id = *id;
    common.name = *what;
    requests.push_back(std::move(common));
    co_return requests;
  }
  auto rows = call.node.swarm().find(*what);
  if (!rows && !call.node.find_local(*what)) {
    co_await wait_for_catalogue(call);
    rows = co_await find_soon(call, *what);
  }
  if (!rows) {
    // What was downloaded before is here even when nobody lists it.
    const auto local = call.node.find_local(*what);
    if (!local) {
      if (rows.error().code == errc::not_found && !call.node.catalogue_ready()) co_return without_tracker(call);
      co_return rows.error();
    }
    rows = std::vector<live::share_row>();
    for (const auto& one : *local) {
      live::share_row row;
      row.id = one->id();
      row.name = one->name();
      rows->push_back(std::move(row));
    }
  }
  for (const auto& row : *rows) {
    download_request request = common;
    request.id = row.id;
    request.name = row.name;
    requests.push_back(std::move(request));
  }
  co_return requests;
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

json::object failed_row(json::object row, const error& why) {
  row["phase"] = "failed";
  row["reason"] = why.text;
  row["class"] = name_of(why.code);
  return row;
}

// Begins the download, or finds what is here; an error if what is here is somewhere else.
awaitable<result<std::shared_ptr<share>>> begin_download(control_call& call, download_request request) {
  const std::string directory = request.directory;
  auto begun = co_await call.node.download(std::move(request));
  if (!begun) co_return begun;
  const std::string here = (*begun)->files() ? (*begun)->files()->path() : std::string{};
  if (!directory.empty() && (*begun)->complete() && !here.empty() &&
      std::filesystem::path(here).parent_path() != std::filesystem::path(directory)) {
    co_return error{errc::conflict, "'" + (*begun)->name() + "' is here already, at " + here +
                                        ": copy it from there, or remove it first"};
  }
  co_return begun;
}

awaitable<void> wait_for_end(control_call& call, const std::vector<std::shared_ptr<share>>& running) {
  auto active = [](const std::shared_ptr<share>& one) {
    return !one->stopped() && !one->complete() && one->downloading() != nullptr && !one->downloading()->ended();
  };
  while (!call.abandoned() && std::any_of(running.begin(), running.end(), active)) {
    for (const auto& one : running) call.notify(download_json(*one));
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
  std::vector<std::shared_ptr<share>> running;
  waiting_request waiting(call);
  json::array rows;
  for (auto& request : *requests) {
    json::object row{{"id", request.id.hex()}, {"name", request.name}};
    auto begun = co_await begin_download(call, std::move(request));
    if (!begun && only) co_return begun.error();
    if (!begun) {
      // One that fails does not keep the others from arriving.
      rows.push_back(failed_row(std::move(row), begun.error()));
      continue;
    }
    if (wait) {
      waiting.wait_for(*begun);
    } else {
      (*begun)->in_background = true;
    }
    running.push_back(*begun);
  }
  if (wait) co_await wait_for_end(call, running);
  for (const auto& one : running) {
    const auto failure = failure_of(*one, wait);
    if (failure && only) co_return *failure;
    rows.push_back(failure ? failed_row(download_json(*one), *failure) : download_json(*one));
  }
  co_return json::value(std::move(rows));
}

awaitable<result<json::value>> do_cancel(control_call& call) {
  const auto text = text_param(call, "id");
  const auto id = text ? share_id::from_hex(*text) : std::nullopt;
  if (!id) co_return missing_param("id");
  if (flag_param(call, "leave", false)) {
    const auto at = call.node.shares().find(*id);
    if (at != call.node.shares().end() && (at->second->in_background || wanted_by_others(*at->second))) {
      co_return json::value(json::object{{"cancelled", false}});
    }
  }
  const auto cancelled = co_await call.node.cancel(*id);
  if (!cancelled) co_return cancelled.error();
  co_return json::value(json::object{{"cancelled", true}});
}

}  // namespace shoal
