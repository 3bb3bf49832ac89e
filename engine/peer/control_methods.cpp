#include "peer/control_methods.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/json/array.hpp>
#include <filesystem>

#include "content/magnet.hpp"
#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "peer/control_rows.hpp"
#include "peer/peer_node.hpp"
#include "peer/piece_check.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

using outcome = result<json::value>;

constexpr duration progress_interval = std::chrono::milliseconds(100);
// How long a word waits for the first snapshot of a tracker when the peer has only just started.
constexpr duration catalogue_wait = std::chrono::seconds(5);
// How soon a wait ends after the client is gone.
constexpr duration abandoned_check_interval = std::chrono::milliseconds(100);
// How long a word waits for a share that nobody lists: several batches of the tracker.
constexpr duration news_wait = std::chrono::milliseconds(500);

std::optional<std::string> text_param(const control_call& call, std::string_view name) {
  const auto* value = call.params.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

bool flag_param(const control_call& call, std::string_view name, bool otherwise) {
  const auto* value = call.params.if_contains(name);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

std::vector<std::string> list_param(const control_call& call, std::string_view name) {
  std::vector<std::string> texts;
  const auto* value = call.params.if_contains(name);
  if (value == nullptr || !value->is_array()) return texts;
  for (const auto& one : value->as_array()) {
    if (one.is_string()) texts.emplace_back(one.as_string());
  }
  return texts;
}

error missing_param(std::string_view name) {
  return {errc::usage, "parameter '" + std::string(name) + "' is missing: see docs/CONTROL.md"};
}

result<std::vector<std::shared_ptr<share>>> local_param(const control_call& call) {
  const auto what = text_param(call, "what");
  if (!what) return missing_param("what");
  return call.node.find_local(*what);
}

result<std::shared_ptr<share>> single_local_param(const control_call& call) {
  auto found = local_param(call);
  if (!found) return found.error();
  if (found->size() > 1) {
    return error{errc::ambiguous, "'" + *text_param(call, "what") + "' matches " + std::to_string(found->size()) +
                                      " shares: name one of them"};
  }
  return found->front();
}

// Lets progress through at most every progress_interval.
class rate_limited {
 public:
  bool due() {
    const auto now = clock::now();
    if (now - last_ < progress_interval) return false;
    last_ = now;
    return true;
  }

 private:
  time_point last_{};
};

awaitable<outcome> do_add(control_call& call) {
  json::array rows;
  const auto paths = list_param(call, "paths");
  if (paths.empty()) co_return missing_param("paths");
  const bool symlinks = flag_param(call, "symlinks", false);
  for (const std::string& path : paths) {
    rate_limited limit;
    const auto begun = clock::now();
    auto progress = [&call, &limit, &path, begun](std::uint64_t done, std::uint64_t total) {
      if (limit.due() || done == total) {
        const double seconds = std::chrono::duration<double>(clock::now() - begun).count();
        const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
        call.notify({{"what", "hash"}, {"path", path}, {"done", done}, {"total", total}, {"rate", rate}});
      }
      return !call.abandoned();
    };
    auto added = co_await call.node.add(path, symlinks, std::move(progress));
    if (!added) co_return added.error();
    rows.push_back(added_json(*added));
  }
  co_return json::value(std::move(rows));
}

awaitable<void> wait_for_change(control_call& call, time_point give_up) {
  co_await call.node.changes().wait_until(std::min(clock::now() + abandoned_check_interval, give_up));
}

// A peer that has only just started has no catalogue yet; asking it then must not look like an empty swarm.
awaitable<void> wait_for_catalogue(control_call& call) {
  const auto give_up = clock::now() + catalogue_wait;
  while (!call.node.catalogue_ready() && !call.abandoned() && clock::now() < give_up) {
    co_await wait_for_change(call, give_up);
  }
}

error without_tracker(const control_call& call) {
  const auto& tracker = *call.node.trackers().front();
  return {errc::unreachable, "tracker " + tracker.where().host + ":" + std::to_string(tracker.where().port) +
                                 " cannot be reached after " + std::to_string(tracker.state().attempts) +
                                 " tries: " + tracker.state().reason};
}

awaitable<outcome> do_list(control_call& call) {
  co_await wait_for_catalogue(call);
  if (!call.node.catalogue_ready() && call.node.swarm().share_count() == 0) co_return without_tracker(call);
  const auto glob = text_param(call, "glob");
  co_return json::value(list_json(call.node, glob.value_or("*")));
}

awaitable<outcome> do_peers(control_call& call) {
  co_await wait_for_catalogue(call);
  if (!call.node.catalogue_ready() && call.node.swarm().peers().empty()) co_return without_tracker(call);
  co_return json::value(peers_json(call.node));
}

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
  if (what->starts_with("magnet:")) {
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

awaitable<outcome> do_download(control_call& call) {
  auto requests = co_await requests_of(call);
  if (!requests) co_return requests.error();
  std::vector<std::shared_ptr<share>> running;
  for (auto& request : *requests) {
    const bool foreign_directory = !request.directory.empty();
    const std::string directory = request.directory;
    auto begun = co_await call.node.download(std::move(request));
    if (!begun) co_return begun.error();
    const std::string here = (*begun)->files() ? (*begun)->files()->path() : std::string{};
    if (foreign_directory && (*begun)->complete() && !here.empty() &&
        std::filesystem::path(here).parent_path() != std::filesystem::path(directory)) {
      co_return error{errc::conflict, "'" + (*begun)->name() + "' is here already, at " + here +
                                          ": copy it from there, or remove it first"};
    }
    running.push_back(*begun);
  }
  const bool wait = flag_param(call, "wait", true);
  auto active = [](const std::shared_ptr<share>& one) {
    return !one->stopped() && !one->complete() && one->downloading() != nullptr && !one->downloading()->ended();
  };
  while (wait && !call.abandoned() && std::any_of(running.begin(), running.end(), active)) {
    for (const auto& one : running) call.notify(download_json(*one));
    const auto next = clock::now() + progress_interval;
    while (clock::now() < next && std::any_of(running.begin(), running.end(), active)) {
      co_await call.node.changes().wait_until(next);
    }
  }
  json::array rows;
  for (const auto& one : running) {
    if (one->downloading() != nullptr && one->downloading()->phase() == download_phase::failed) {
      co_return one->downloading()->failure();
    }
    if (wait && one->stopped() && !one->complete()) {
      co_return error{errc::cancelled, "the download of '" + one->name() + "' was cancelled: what it has is kept"};
    }
    rows.push_back(download_json(*one));
  }
  co_return json::value(std::move(rows));
}

awaitable<outcome> do_cancel(control_call& call) {
  const auto text = text_param(call, "id");
  const auto id = text ? share_id::from_hex(*text) : std::nullopt;
  if (!id) co_return missing_param("id");
  const auto cancelled = co_await call.node.cancel(*id);
  if (!cancelled) co_return cancelled.error();
  co_return json::value(json::object());
}

awaitable<outcome> do_remove(control_call& call) {
  const auto found = single_local_param(call);
  if (!found) {
    const auto missing = call.node.find_missing(text_param(call, "what").value_or(""));
    if (found.error().code != errc::not_found || !missing || missing->size() != 1) co_return found.error();
    const missing_share& one = missing->front();
    if (auto forgotten = co_await call.node.forget_missing(one.row.path); !forgotten) co_return forgotten.error();
    co_return json::value(json::object{{"id", one.info->id().hex()}, {"name", one.info->name()}});
  }
  json::object row{{"id", (*found)->id().hex()}, {"name", (*found)->name()}};
  const auto removed = co_await call.node.remove((*found)->id());
  if (!removed) co_return removed.error();
  co_return json::value(std::move(row));
}

awaitable<outcome> do_verify(control_call& call) {
  const auto found = single_local_param(call);
  if (!found) {
    const auto missing = call.node.find_missing(text_param(call, "what").value_or(""));
    if (found.error().code != errc::not_found || !missing) co_return found.error();
    const missing_share& one = missing->front();
    co_return error{one.why.code, "'" + one.info->name() + "' is not there: " + one.why.text};
  }
  const auto one = *found;
  if (!one->complete()) {
    co_return error{errc::conflict, "'" + one->name() + "' is still being downloaded: verify it when it is complete"};
  }
  const metainfo_ptr info = one->info();
  bitmap all(info->shape().piece_count());
  all.set_all();
  std::uint64_t done = 0;
  rate_limited limit;
  const auto begun = clock::now();
  auto progress = [&](std::uint64_t bytes) {
    done += bytes;
    if (limit.due()) {
      const double seconds = std::chrono::duration<double>(clock::now() - begun).count();
      call.notify({{"what", "verify"},
                   {"done", done},
                   {"total", info->total_bytes()},
                   {"rate", seconds > 0 ? static_cast<double>(done) / seconds : 0}});
    }
    return !call.abandoned();
  };
  const bitmap good = co_await check_pieces(call.node.context(), one->files(), info, all, std::move(progress));
  const json::object row = verify_json(*one, good);
  if (!good.all() && !call.abandoned() && !one->stopped()) call.node.on_damage(*one, good.size() - good.count());
  co_return json::value(row);
}

awaitable<outcome> do_torrent(control_call& call) {
  const auto found = single_local_param(call);
  if (!found) co_return found.error();
  const metainfo_ptr info = (*found)->info();
  if (!info || !info->has_layers()) {
    co_return error{errc::not_found, "'" + (*found)->name() + "' is not known well enough yet: wait for its metadata"};
  }
  magnet_link link;
  link.id = info->id();
  link.name = info->name();
  co_return json::value(json::object{{"id", info->id().hex()},
                                     {"name", info->name()},
                                     {"torrent", to_base64(info->to_torrent())},
                                     {"magnet", format_magnet(link)}});
}

awaitable<outcome> do_status(control_call& call) {
  co_return json::value(status_json(call.node));
}

awaitable<outcome> do_stop(control_call& call) {
  // Posted, so that the answer is on its way before the socket closes.
  asio::post(call.node.context().executor,
             [&node = call.node] { asio::post(node.context().executor, [&node] { node.stop(); }); });
  co_return json::value(json::object());
}

struct method_row {
  std::string_view name;
  awaitable<outcome> (*run)(control_call&);
};

constexpr std::array methods{
    method_row{"add", do_add},           method_row{"list", do_list},     method_row{"peers", do_peers},
    method_row{"download", do_download}, method_row{"cancel", do_cancel}, method_row{"status", do_status},
    method_row{"remove", do_remove},     method_row{"verify", do_verify}, method_row{"torrent", do_torrent},
    method_row{"stop", do_stop},
};

}  // namespace

awaitable<outcome> call_method(std::string_view method, control_call& call) {
  for (const method_row& row : methods) {
    if (row.name == method) return row.run(call);
  }
  struct unknown {
    static awaitable<outcome> answer(std::string name) {
      co_return error{errc::usage, "no method '" + name + "': see docs/CONTROL.md"};
    }
  };
  return unknown::answer(std::string(method));
}

}  // namespace shoal
