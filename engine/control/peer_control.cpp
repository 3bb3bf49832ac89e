#include "control/peer_control.hpp"

#include <boost/asio/post.hpp>

#include "control/make_rows.hpp"
#include "control/share_here.hpp"
#include "control/trusted_shares.hpp"
#include "control/waits.hpp"
#include "control/wanted_limits.hpp"
#include "peer/peer_node.hpp"
#include "peer/share/piece_check.hpp"

namespace shoal {

namespace {

// Tells the progress of one piece of work, at most every notice_interval.
class progress_teller {
 public:
  progress_teller(const caller& by, rows::progress row) : by_(by), row_(std::move(row)) {}

  void tell(std::uint64_t done, std::uint64_t total, bool at_once = false) {
    const auto now = clock::now();
    if (!at_once && now - last_ < notice_interval) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    row_.done = done;
    row_.total = total;
    row_.rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    by_.tell(row_);
  }

 private:
  const caller& by_;
  rows::progress row_;
  time_point begun_ = clock::now();
  time_point last_{};
};

// A list that is not of now says so.
void tell_who_is_away(const peer_node& node, const caller& by) {
  for (rows::away& row : trackers_away(node)) by.tell(std::move(row));
}

}  // namespace

peer_control::peer_control(peer_node& node, std::function<void()> end_peer)
    : node_(node), end_peer_(std::move(end_peer)) {}

peer_control::answer<std::vector<rows::added>> peer_control::add(requests::add wanted, caller& by) {
  std::vector<rows::added> rows;
  if (wanted.paths.empty()) co_return requests::missing("paths");
  const auto limits = parse_limits(wanted.up_limit, wanted.down_limit);
  if (!limits) co_return limits.error();
  for (const std::string& path : wanted.paths) {
    if (const auto ok = requests::check_path("paths", path); !ok) co_return ok.error();
  }
  if (wanted.sign) {
    if (const auto ok = requests::check_path("sign", *wanted.sign); !ok) co_return ok.error();
  }
  const share_options options{.symlinks = wanted.symlinks, .follow = wanted.follow, .sign_with = wanted.sign};
  std::vector<share_id> added_ids;
  std::vector<hashing_mark> marks;
  for (const std::string& path : wanted.paths) marks.push_back(node_.discovery().announce_add(path));
  for (std::size_t i = 0; i < wanted.paths.size(); ++i) {
    if (by.gone()) co_return nobody_waits();
    const std::string& path = wanted.paths[i];
    progress_teller teller(by, {.what = "hash", .path = path});
    auto progress = [&by, &teller](std::uint64_t done, std::uint64_t total) {
      teller.tell(done, total, done == total);
      return !by.gone();
    };
    auto added = co_await node_.library().add(path, options, std::move(marks[i]), std::move(progress));
    if (!added && (wanted.paths.size() == 1 || by.gone())) co_return added.error();
    if (added && limits->any()) {
      const share_id id = added->what->id();
      const rate_limits now = limits->over(node_.library().limits().of(id));
      const auto set = co_await node_.library().limit(id, now);
      if (!set) co_return set.error();
    }
    if (added) added_ids.push_back(added->what->id());
    // If one path fails, the others are still shared.
    rows.push_back(added ? row_of(*added) : rows::added{.path = path});
    if (!added) mark_failed(rows.back(), added.error());
  }
  // What the user does next, at whatever peer, finds what was added now.
  co_await wait_until_listed(node_, added_ids, by);
  co_return rows;
}

peer_control::answer<std::vector<rows::listed_share>> peer_control::list(requests::list wanted, caller& by) {
  co_await wait_for_catalogue(node_, by);
  if (!node_.discovery().ready() && node_.discovery().swarm().share_count() == 0) co_return without_tracker(node_);
  const auto trust = trust_of(node_, wanted.trust);
  if (!trust) co_return trust.error();
  co_await wait_for_signatures(node_, by);
  tell_who_is_away(node_, by);
  co_return listed_shares(node_, wanted.glob, wanted.versions, *trust);
}

peer_control::answer<std::vector<rows::listed_peer>> peer_control::peers(requests::none /*none*/, caller& by) {
  co_await wait_for_catalogue(node_, by);
  if (!node_.discovery().ready() && node_.discovery().swarm().peer_count() == 0) co_return without_tracker(node_);
  tell_who_is_away(node_, by);
  const auto peers = co_await node_.discovery().all_peers();
  co_return rows_of(node_, peers);
}

peer_control::answer<std::vector<rows::swarm_key>> peer_control::keys(requests::none /*none*/, caller& by) {
  co_await wait_for_catalogue(node_, by);
  if (!node_.discovery().ready() && node_.discovery().swarm().peer_count() == 0) co_return without_tracker(node_);
  tell_who_is_away(node_, by);
  const auto peers = co_await node_.discovery().all_peers();
  co_return known_keys(node_, peers);
}

peer_control::answer<rows::removal> peer_control::remove(requests::one wanted, caller& by) {
  library& library = node_.library();
  co_await wait_for_record(node_, wanted.what, by);
  co_await library.settle();
  const auto found = find_share_here(node_, wanted.what);
  if (!found) co_return found.error();
  const share_id id = found->id;
  result<void> removed;
  if (found->running) removed = co_await library.remove(id);
  if (removed && library.downloads().paused(id) != nullptr) removed = co_await library.downloads().forget_paused(id);
  if (removed && library.missing().find(id) != nullptr) removed = co_await library.forget_missing(id);
  if (removed) removed = co_await library.limit(id, rate_limits());
  if (!removed) co_return removed.error();
  co_return rows::removal{.id = id.hex(), .name = found->name};
}

peer_control::answer<rows::verified> peer_control::verify(requests::one wanted, caller& by) {
  co_await wait_for_record(node_, wanted.what, by);
  co_await node_.library().settle();
  const auto found = find_share_here(node_, wanted.what);
  if (!found) co_return found.error();
  if (!found->running && found->missing != nullptr) {
    co_return within("'" + found->name + "' is not there", found->missing->why);
  }
  const auto one = found->running;
  if (!one || !one->content().complete()) {
    co_return error{errc::conflict, "'" + found->name + "' is not complete yet: verify it when it is downloaded"};
  }
  const metainfo_ptr info = one->content().info();
  bitmap all(info->shape().piece_count());
  all.set_all();
  std::uint64_t done = 0;
  progress_teller teller(by, {.what = "verify"});
  auto progress = [&](std::uint64_t bytes) {
    done += bytes;
    teller.tell(done, info->total_bytes());
    return !by.gone();
  };
  const auto good = co_await check_pieces(node_.context(), one->content().files(), info, all, std::move(progress));
  if (!good) {
    co_return error{good.error().code, "'" + one->name() + "' could not be verified: " + good.error().text +
                                           "; it is shared as before, so verify it again when that is mended"};
  }
  rows::verified row = verified_row(*one, *good);
  if (!good->all() && !by.gone()) co_await node_.library().on_damage(one, good->size() - good->count());
  co_return row;
}

peer_control::answer<rows::alive> peer_control::ping(requests::none /*none*/, caller& /*by*/) {
  co_return rows::alive{.lone = !node_.options().remember};
}

peer_control::answer<rows::status> peer_control::status(requests::none /*none*/, caller& by) {
  co_await wait_for_record(node_, std::nullopt, by);
  co_return status_of(node_);
}

peer_control::answer<rows::nothing> peer_control::stop(requests::none /*none*/, caller& /*by*/) {
  // Posted, so that the answer is on its way before the transport closes.
  const auto executor = node_.context().executor;
  asio::post(executor, [executor, &end = end_peer_] { asio::post(executor, end); });
  co_return rows::nothing{};
}

}  // namespace shoal
