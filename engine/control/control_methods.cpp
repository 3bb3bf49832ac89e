#include "control/control_methods.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/json/array.hpp>

#include "control/control_download.hpp"
#include "control/control_params.hpp"
#include "control/control_rows.hpp"
#include "control/control_torrent.hpp"
#include "peer/peer_node.hpp"
#include "peer/share/piece_check.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

using outcome = result<json::value>;

// Lets progress through at most every told_interval.
class rate_limited {
 public:
  bool due() {
    const auto now = clock::now();
    if (now - last_ < told_interval) return false;
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
  share_options wanted;
  wanted.symlinks = flag_param(call, "symlinks", false);
  if (call.params.contains("follow")) wanted.follow = flag_param(call, "follow", false);
  std::vector<hashing_mark> marks;
  for (const std::string& path : paths) marks.push_back(call.node.discovery().announce_add(path));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (call.abandoned()) co_return error{errc::cancelled, "nobody waits for it any more"};
    const std::string& path = paths[i];
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
    auto added = co_await call.node.add(path, wanted, std::move(marks[i]), std::move(progress));
    if (!added && (paths.size() == 1 || call.abandoned())) co_return added.error();
    // One that fails does not keep the others from being shared.
    rows.push_back(added ? added_json(*added) : failed_row({{"path", path}}, "state", added.error()));
  }
  co_return json::value(std::move(rows));
}

// A list that is not of now says so.
void tell_who_is_away(const control_call& call) {
  for (json::value& row : away_json(call.node)) call.notify(std::move(row.as_object()));
}

awaitable<outcome> do_list(control_call& call) {
  co_await wait_for_catalogue(call);
  if (!call.node.discovery().ready() && call.node.discovery().swarm().share_count() == 0)
    co_return without_tracker(call);
  tell_who_is_away(call);
  const auto glob = text_param(call, "glob");
  co_return json::value(list_json(call.node, glob.value_or("*"), flag_param(call, "versions", false)));
}

awaitable<outcome> do_peers(control_call& call) {
  co_await wait_for_catalogue(call);
  if (!call.node.discovery().ready() && call.node.discovery().swarm().peers().empty()) co_return without_tracker(call);
  tell_who_is_away(call);
  co_return json::value(peers_json(call.node));
}

awaitable<outcome> do_remove(control_call& call) {
  co_await call.node.settle();
  const auto found = here_param(call);
  if (!found) co_return found.error();
  json::object row{{"id", found->id.hex()}};
  row["name"] = found->name;
  result<void> removed;
  if (found->running) removed = co_await call.node.remove(found->id);
  if (removed && call.node.paused(found->id) != nullptr) removed = co_await call.node.forget_paused(found->id);
  if (removed && call.node.missing(found->id) != nullptr) removed = co_await call.node.forget_missing(found->id);
  if (!removed) co_return removed.error();
  co_return json::value(std::move(row));
}

awaitable<outcome> do_verify(control_call& call) {
  co_await call.node.settle();
  const auto found = here_param(call);
  if (!found) co_return found.error();
  if (!found->running && found->missing != nullptr) {
    const missing_share& gone = *found->missing;
    co_return error{gone.why.code, "'" + gone.info->name() + "' is not there: " + gone.why.text};
  }
  const auto one = found->running;
  if (!one || !one->complete()) {
    co_return error{errc::conflict, "'" + found->name + "' is not complete yet: verify it when it is downloaded"};
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
  const auto good = co_await check_pieces(call.node.context(), one->files(), info, all, std::move(progress));
  if (!good) {
    co_return error{good.error().code, "'" + one->name() + "' could not be verified: " + good.error().text +
                                           "; it is shared as before, so verify it again when that is mended"};
  }
  const json::object row = verify_json(*one, *good);
  if (!good->all() && !call.abandoned()) co_await call.node.on_damage(one, good->size() - good->count());
  co_return json::value(row);
}

// For clients that want to know whether anybody is there.
awaitable<outcome> do_ping(control_call& call) {
  co_return json::value(json::object{{"lone", !call.node.options().remember}});
}

awaitable<outcome> do_status(control_call& call) {
  co_return json::value(status_json(call.node));
}

awaitable<outcome> do_stop(control_call& call) {
  // Posted, so that the answer is on its way before the socket closes.
  const auto executor = call.node.context().executor;
  asio::post(executor, [executor, &end = call.end_peer] { asio::post(executor, end); });
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
    method_row{"ping", do_ping},         method_row{"stop", do_stop},
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
