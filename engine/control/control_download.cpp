#include "control/control_download.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "control/control_params.hpp"
#include "control/control_rows.hpp"
#include "control/control_words.hpp"
#include "net/offload.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

// A share that a request waits for.
struct begun_download {
  std::shared_ptr<share> what;
  std::vector<std::string> notes;  // what the words of the request said that is not used
  bool was_complete = false;       // before the request
};

json::object row_of(const begun_download& one) {
  json::object row = download_json(*one.what);
  json::array& notes = row["notes"].as_array();
  notes.insert(notes.begin(), one.notes.begin(), one.notes.end());
  if (one.was_complete) row["already_there"] = true;
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

bool active(const share& one) {
  return !one.stopped() && !one.complete() && one.downloading() != nullptr && !one.downloading()->ended();
}

// The directory that it is in, or will be in.
std::string place_of(const share& one) {
  if (one.downloading() != nullptr) return one.downloading()->request().directory;
  return one.files() ? std::filesystem::path(one.files()->path()).parent_path().string() : std::string();
}

error is_elsewhere(const share& one) {
  const std::string where = place_of(one);
  if (!one.complete()) {
    return {errc::conflict, "'" + one.name() + "' is being downloaded to " + where +
                                ": wait for it and copy it from there, or cancel it first"};
  }
  return {errc::conflict,
          "'" + one.name() + "' is here already, in " + where + ": copy it from there, or remove it first"};
}

awaitable<void> wait_for_turn(control_call& call, std::shared_ptr<share> before) {
  // Without the id: it is not this request's to cancel.
  const json::object row{{"id", ""},
                         {"name", before->name()},
                         {"phase", "waiting"},
                         {"reason", "another command downloads it to " + place_of(*before) + " first"},
                         {"bytes", before->info() ? before->info()->total_bytes() : 0}};
  call.notify(row);
  while (!call.abandoned() && active(*before)) co_await wait_for_change(call, never);
}

// Begins the download, or finds what is here.
awaitable<result<std::shared_ptr<share>>> begin_download(control_call& call, download_request request) {
  const std::string otherwise = text_param(call, "default_directory").value_or("");
  const bool known_place = call.node.paused(request.id) != nullptr || call.node.missing(request.id) != nullptr;
  if (request.directory.empty() && !known_place) request.directory = otherwise;
  while (true) {
    download_request wanted = request;
    auto begun = co_await call.node.download(std::move(wanted));
    if (!begun || request.directory.empty()) co_return begun;
    auto look = [there = place_of(**begun), directory = request.directory] {
      std::error_code ec;
      return there.empty() || std::filesystem::equivalent(there, directory, ec);
    };
    const bool same = co_await offload(call.node.context().background, std::move(look));
    if (same) co_return begun;
    if (call.node.options().remember) co_return is_elsewhere(**begun);
    // This process is the peer of several commands, which take turns: each has a place of its own, a share only one.
    co_await wait_for_turn(call, *begun);
    if (call.abandoned()) co_return error{errc::cancelled, "nobody waits for it any more"};
    co_await call.node.let_go(*begun);
  }
}

awaitable<void> wait_for_end(control_call& call, const std::vector<begun_download>& running) {
  auto runs = [](const begun_download& begun) { return active(*begun.what); };
  while (!call.abandoned() && std::any_of(running.begin(), running.end(), runs)) {
    for (const auto& one : running) call.notify(row_of(one));
    const auto next = clock::now() + told_interval;
    while (clock::now() < next && std::any_of(running.begin(), running.end(), runs)) {
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
  if (call.abandoned()) co_return error{errc::cancelled, "nobody waits for it any more"};
  const bool wait = flag_param(call, "wait", true);
  const bool only = requests->size() == 1;
  std::vector<begun_download> running;
  waiting_request waiting(call);
  json::array rows;
  for (auto& request : *requests) {
    json::object row{{"id", request.id.hex()}, {"name", request.name}};
    auto notes = request.notes;
    const auto at = call.node.shares().find(request.id);
    const auto before = at != call.node.shares().end() && at->second->complete() ? at->second : nullptr;
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
    running.push_back({*begun, std::move(notes), *begun == before});
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
