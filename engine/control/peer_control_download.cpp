#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "control/make_rows.hpp"
#include "control/peer_control.hpp"
#include "control/waits.hpp"
#include "control/wanted_limits.hpp"
#include "control/wanted_shares.hpp"
#include "net/offload.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

bool active(const share& one) {
  return !one.stopped() && !one.content().complete() && one.downloading() != nullptr && !one.downloading()->ended();
}

// The directory that the share is in, or will be in.
std::string place_of(const share& one) {
  if (one.downloading() != nullptr) return one.downloading()->request().directory;
  return one.content().files() ? std::filesystem::path(one.content().files()->path()).parent_path().string()
                               : std::string();
}

error is_elsewhere(const share& one) {
  const std::string where = place_of(one);
  if (!one.content().complete()) {
    return {errc::conflict, "'" + one.name() + "' is being downloaded to " + where +
                                ": wait for it and copy it from there, or cancel it first"};
  }
  return {errc::conflict,
          "'" + one.name() + "' is here already, in " + where + ": copy it from there, or remove it first"};
}

// Why the download did not end well. Nothing if it did, or if it goes on.
std::optional<error> failure_of(const share& one, bool waited) {
  if (one.downloading() != nullptr && one.downloading()->phase() == download_phase::failed) {
    return one.downloading()->failure();
  }
  if (!waited || !one.stopped() || one.content().complete()) return std::nullopt;
  const char* how = one.wanted().removed() ? "removed" : "cancelled: what it has is kept";
  return error{errc::cancelled, "the download of '" + one.name() + "' was " + how};
}

// What was fetched for readers goes where its user wants it. What nobody else holds stays: it could not be downloaded.
awaitable<result<void>> take_from_cache(peer_node& node, share_id id) {
  read_cache& cache = node.library().read_cache();
  auto settled = co_await cache.settle(id);
  if (!settled) co_return settled;
  const auto here = node.library().hosted().find(id);
  if (!here || !cache.holds(*here)) co_return result<void>{};
  const bool has_some = here->content().verified_bytes() > 0;
  if (has_some && node.discovery().other_holders(id) == 0) co_return is_elsewhere(*here);
  co_return co_await cache.give_up(here);
}

// The words of the request mean the share by its name, and with it the newest version.
bool is_meant_by_name(const requests::download& wanted, const download_request& one) {
  return !wanted.torrent && wanted.what &&
         (*wanted.what == one.name || fnmatch(wanted.what->c_str(), one.name.c_str(), 0) == 0);
}

// "" is none.
result<void> check_directory(std::string_view name, const std::string& directory) {
  return directory.empty() ? result<void>() : requests::check_path(name, directory);
}

}  // namespace

// A share that a request waits for.
struct peer_control::begun_download {
  std::shared_ptr<share> what;
  std::string name;                // that the request means it by; "" if it means this version alone
  std::vector<std::string> notes;  // for the user
  bool was_complete = false;       // before the request
  std::vector<share_id> older{};   // the versions before, with which the request began
  std::optional<error> failure{};  // no newer version could be begun

  rows::download row() const {
    rows::download row = row_of(*what);
    row.notes.insert(row.notes.begin(), notes.begin(), notes.end());
    row.already_there = row.already_there || was_complete;
    return row;
  }
  // Nobody has it any more, and its name means a newer version.
  bool is_superseded() const { return !name.empty() && active(*what) && what->downloading()->is_superseded(); }
};

// Tells the downloads of one request that it waits for them, for as long as it waits.
class peer_control::waiting_request {
 public:
  explicit waiting_request(const caller& by) : by_(by) {}
  waiting_request(const waiting_request&) = delete;
  waiting_request& operator=(const waiting_request&) = delete;
  ~waiting_request() {
    for (const auto& [one, at] : for_) one->wanted().on_leave(at);
  }

  void wait_for(const std::shared_ptr<share>& one) {
    for_.emplace_back(one, one->wanted().on_wait([this] { return !by_.gone(); }));
  }
  void leave(const share& one) {
    std::erase_if(for_, [&one](const auto& waited) {
      const bool is_it = waited.first.get() == &one;
      if (is_it) waited.first->wanted().on_leave(waited.second);
      return is_it;
    });
  }

 private:
  const caller& by_;
  std::vector<std::pair<std::shared_ptr<share>, interest::place>> for_;
};

awaitable<void> peer_control::wait_for_turn(std::shared_ptr<share> before, caller& by) {
  // Without the id: it is not this request's to cancel.
  rows::download row{.name = before->name(),
                     .phase = "waiting",
                     .reason = "another command downloads it to " + place_of(*before) + " first"};
  if (before->content().info()) row.bytes = before->content().info()->total_bytes();
  by.tell(std::move(row));
  while (!by.gone() && active(*before)) co_await wait_for_change(node_, never);
}

// Begins the download, or finds what is here. `otherwise` is the directory if nothing else names one.
peer_control::answer<std::shared_ptr<share>> peer_control::begin_download(download_request request,
                                                                          std::string otherwise, caller& by) {
  downloads& downloads = node_.library().downloads();
  const auto taken = co_await take_from_cache(node_, request.id);
  if (!taken) co_return taken.error();
  const library& here = node_.library();
  const bool runs_here = node_.options().remember && here.hosted().find(request.id) != nullptr;
  const bool known_place =
      runs_here || downloads.paused(request.id) != nullptr || here.missing().find(request.id) != nullptr;
  if (request.directory.empty() && !known_place) request.directory = std::move(otherwise);
  while (true) {
    download_request wanted = request;
    auto begun = co_await downloads.begin(std::move(wanted));
    if (!begun || request.directory.empty()) co_return begun;
    auto look = [there = place_of(**begun), directory = request.directory] {
      std::error_code ec;
      return there.empty() || std::filesystem::equivalent(there, directory, ec);
    };
    const bool same = co_await offload(node_.context().background, std::move(look));
    if (same) co_return begun;
    if (node_.options().remember) co_return is_elsewhere(**begun);
    // This process is the peer of several commands, which take turns: each has a directory of its own, but a share has
    // only one.
    co_await wait_for_turn(*begun, by);
    if (by.gone()) co_return nobody_waits();
    co_await downloads.let_go(*begun);
  }
}

peer_control::answer<peer_control::begun_download> peer_control::begin_limited(download_request request,
                                                                               const requests::download& wanted,
                                                                               caller& by) {
  const auto limits = parse_limits(wanted.up_limit, wanted.down_limit);
  if (!limits) co_return limits.error();
  begun_download one;
  if (is_meant_by_name(wanted, request)) one.name = request.name;
  one.notes = request.notes;
  const share_id id = request.id;
  const auto here = node_.library().hosted().find(id);
  const auto before = here && here->content().complete() ? here : nullptr;
  const rate_limits limits_before = node_.library().limits().of(id);
  // First, so that not a byte comes faster.
  const rate_limits limits_now = limits->over(limits_before);
  const auto limited = co_await node_.library().limit(id, limits_now);
  if (!limited) co_return limited.error();
  auto begun = co_await begin_download(std::move(request), wanted.default_directory, by);
  if (!begun) {
    (void)co_await node_.library().limit(id, limits_before);
    co_return begun.error();
  }
  one.what = *begun;
  one.was_complete = *begun == before;
  co_return one;
}

// The older version's part stays until the newer one is complete, which takes from it what they share.
awaitable<void> peer_control::go_over(begun_download& one, waiting_request& waiting, requests::download wanted,
                                      caller& by) {
  wanted.what = std::exchange(one.name, {});
  const auto found = co_await requests_of(node_, wanted, by);
  const auto before = one.what;
  // Of several it cannot be told which one is meant: it goes on to wait.
  if (by.gone() || !found || found->front().id == before->id()) co_return;
  if (!before->wanted().outlasts_one()) (void)co_await node_.library().downloads().cancel(before->id());
  waiting.leave(*before);
  download_request newer = found->front();
  auto begun = co_await begin_limited(std::move(newer), wanted, by);
  if (!begun) {
    one.failure = begun.error();
    co_return;
  }
  begun->older = std::move(one.older);
  begun->older.push_back(before->id());
  one = std::move(*begun);
  one.notes.push_back("its publisher changed it meanwhile: this is the newer version");
  waiting.wait_for(one.what);
}

awaitable<void> peer_control::wait_for_end(std::vector<begun_download>& running, waiting_request& waiting,
                                           const requests::download& wanted, caller& by) {
  auto runs = [](const begun_download& begun) { return !begun.failure && active(*begun.what); };
  while (!by.gone() && std::ranges::any_of(running, runs)) {
    for (auto& one : running) {
      if (!one.failure && one.is_superseded()) co_await go_over(one, waiting, wanted, by);
    }
    for (const auto& one : running) by.tell(one.row());
    const auto next = clock::now() + notice_interval;
    while (clock::now() < next && std::ranges::any_of(running, runs)) {
      co_await node_.changes().wait_until(next);
    }
  }
  downloads& downloads = node_.library().downloads();
  for (const auto& one : running) {
    for (const share_id& older : one.older) {
      const bool rests = downloads.paused(older) != nullptr;
      if (rests && one.what->content().complete()) (void)co_await downloads.forget_paused(older);
    }
  }
}

peer_control::answer<std::vector<rows::download>> peer_control::download(requests::download wanted, caller& by) {
  if (const auto ok = check_directory("directory", wanted.directory); !ok) co_return ok.error();
  if (const auto ok = check_directory("default_directory", wanted.default_directory); !ok) co_return ok.error();
  if (const auto limits = parse_limits(wanted.up_limit, wanted.down_limit); !limits) co_return limits.error();
  auto requests = co_await requests_of(node_, wanted, by);
  if (!requests) co_return requests.error();
  if (by.gone()) co_return nobody_waits();
  const bool only = requests->size() == 1;
  std::vector<begun_download> running;
  waiting_request waiting(by);
  std::vector<rows::download> rows;
  for (auto& request : *requests) {
    rows::download row{.id = request.id.hex(), .name = request.name};
    auto begun = co_await begin_limited(std::move(request), wanted, by);
    if (!begun && only) co_return begun.error();
    if (!begun) {
      // If one download fails, the others still arrive.
      mark_failed(row, begun.error());
      rows.push_back(std::move(row));
      continue;
    }
    if (wanted.wait) {
      waiting.wait_for(begun->what);
    } else {
      begun->what->wanted().on_background();
    }
    running.push_back(std::move(*begun));
  }
  if (wanted.wait) co_await wait_for_end(running, waiting, wanted, by);
  for (const auto& one : running) {
    const auto failure = one.failure ? one.failure : failure_of(*one.what, wanted.wait);
    if (failure && only) co_return *failure;
    rows.push_back(one.row());
    if (failure) mark_failed(rows.back(), *failure);
  }
  co_return rows;
}

peer_control::answer<rows::cancellation> peer_control::cancel(requests::cancel wanted, caller& by) {
  if (!wanted.id && !wanted.what) co_return requests::missing("what");
  co_await wait_for_record(node_, wanted.what, by);
  result<share_id> id = error{errc::usage, "parameter 'id' is no id"};
  if (wanted.what) {
    id = node_.library().index().find_unfinished(*wanted.what);
  } else if (const auto given = share_id::from_hex(*wanted.id)) {
    id = *given;
  }
  if (!id) co_return id.error();
  const auto one = node_.library().hosted().find(*id);
  rows::cancellation row{.id = id->hex(), .name = one ? one->name() : ""};
  if (wanted.leave && one && one->wanted().outlasts_one()) co_return row;
  const auto cancelled = co_await node_.library().downloads().cancel(*id);
  if (!cancelled) co_return cancelled.error();
  row.cancelled = true;
  co_return row;
}

}  // namespace shoal
