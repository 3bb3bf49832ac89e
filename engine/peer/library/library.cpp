#include "peer/library/library.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr std::size_t notes_logged_max = 20;

// What is to be known of a share that was added at the start, as `add` says it.
void log_notes(const std::vector<std::string>& notes) {
  const std::size_t logged = std::min(notes.size(), notes_logged_max);
  for (std::size_t i = 0; i < logged; ++i) log_warn("note: {}", notes[i]);
  if (logged < notes.size()) log_warn("note: {} more; adding it again lists them", notes.size() - logged);
}

struct record {
  std::vector<stored_share> shares;
  std::vector<stored_download> downloads;
};

result<record> read_record(state_database& database) {
  auto shares = database.shares();
  if (!shares) return shares.error();
  auto downloads = database.downloads();
  if (!downloads) return downloads.error();
  return record{std::move(*shares), std::move(*downloads)};
}

}  // namespace

library::library(peer_context& context, asio::thread_pool& looks, class discovery& discovery, notifier& changes,
                 library_settings settings)
    : context_(context, looks, discovery, changes, std::move(settings)),
      watch_(context_),
      missing_(changes),
      limits_(context_),
      publishers_(context_),
      hosted_(context_, watch_, missing_, limits_, static_cast<share_observer&>(*this)),
      losses_(context_, hosted_, missing_, followed_),
      doubt_(context_, followed_, losses_),
      returning_(context_, hosted_, missing_, followed_, losses_, doubt_),
      accusations_(context_, hosted_, losses_),
      adder_(context_, hosted_, missing_, limits_, publishers_, followed_, doubt_, read_cache_),
      downloads_(context_, hosted_, missing_, losses_, doubt_),
      index_(discovery, hosted_, missing_, downloads_),
      looks_(context_, watch_, hosted_, missing_, followed_, doubt_, returning_, adder_),
      recorded_(context_, hosted_),
      read_cache_(context_, *this) {}

result<void> library::open() {
  if (auto opened = limits_.open(); !opened) return opened;
  return publishers_.open();
}

awaitable<void> library::run() {
  std::vector<hashing_mark> marks;
  for (const std::string& path : context_.settings.shares) marks.push_back(context_.discovery.announce_add(path));
  context_.tasks.spawn("begin", begin(std::move(marks)));
  context_.tasks.spawn("look at content", looks_.run());
  context_.tasks.spawn("watch content", watch_.run());
  context_.tasks.spawn("check accused", accusations_.run());
  co_await context_.tasks.join();
}

void library::stop() {
  if (context_.stopped()) return;
  context_.stop();
  watch_.stop();
  accusations_.stop();
  hosted_.stop();
  context_.changes.notify_all();
}

awaitable<void> library::begin(std::vector<hashing_mark> marks) {
  if (context_.peer.remember_shares) {
    co_await restore();
  }
  co_await recorded_.read();
  record_read_ = true;
  context_.tasks.spawn("clean read cache", read_cache_.clean());
  context_.changes.notify_all();
  co_await add_at_start(std::move(marks));
}

awaitable<void> library::restore() {
  auto read = [&database = context_.peer.database] { return read_record(database); };
  auto stored = co_await offload(context_.peer.background, std::move(read));
  if (!stored) {
    log_error("state cannot be read error=\"{}\"", stored.error().text);
    co_return;
  }
  std::map<std::string, const stored_share*> complete;
  for (const auto& row : stored->shares) complete[row.path] = &row;
  // First, so that no disk that holds a share keeps them waiting.
  for (auto& row : stored->downloads) {
    const auto at = complete.find(row.directory + "/" + row.name);
    const std::uint64_t mend_inode = at != complete.end() && is_of(*at->second, row.id) ? at->second->inode : 0;
    if (!context_.stopped()) co_await downloads_.restore(std::move(row), mend_inode);
  }
  for (auto& row : stored->shares) {
    if (!context_.stopped() && !row.alone) co_await restore_share(std::move(row));
  }
}

awaitable<void> library::restore_share(stored_share row) {
  const std::string path = row.path;
  // What is named at the start is added anew in a moment.
  const bool named = std::ranges::find(context_.settings.shares, path) != context_.settings.shares.end();
  const bool followed = row.follow && !named;
  const bool may_be_new = co_await returning_.restore(std::move(row));
  if (followed && may_be_new) co_await looks_.follow(path, true);
}

awaitable<void> library::add_at_start(std::vector<hashing_mark> marks) {
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (context_.stopped()) co_return;
    const std::string& path = context_.settings.shares[i];
    auto go_on = [this](std::uint64_t, std::uint64_t) { return !context_.stopped(); };
    share_options wanted;
    if (context_.settings.follow) wanted.follow = true;
    const auto added = co_await adder_.add(path, wanted, std::move(marks[i]), std::move(go_on));
    if (added) {
      log_notes(added->notes);
      continue;
    }
    std::string why = added.error().text;
    std::ranges::replace(why, '\n', ';');
    log_error("cannot add path=\"{}\" error=\"{}\"", path, why);
  }
}

awaitable<result<added_share>> library::add(std::string path, share_options wanted, hashing_mark mark,
                                            share_adder::progress on_progress) {
  return adder_.add(std::move(path), wanted, std::move(mark), std::move(on_progress));
}

awaitable<result<void>> library::remove(share_id id) {
  const auto which = hosted_.find(id);
  if (!which) co_return error{errc::not_found, "no share " + id.hex() + " here", remedy::see_status};
  co_await hosted_.wait_for_finish(which);
  if (!which->content().complete()) co_return co_await downloads_.remove(which);
  const std::string path = which->content().files()->path();
  // What cannot be forgotten comes back at the next start, so it stays.
  auto forget = [&database = context_.peer.database, path] { return database.remove_share(path); };
  const auto forgotten = co_await offload(context_.peer.background, std::move(forget));
  if (!forgotten) co_return forgotten;
  log_info("share is removed name=\"{}\"", printable(which->name()));
  followed_.forget(path);
  co_await hosted_.retire(which, end_reason::share_removed);
  co_return result<void>{};
}

awaitable<result<void>> library::forget_missing(share_id id) {
  std::vector<std::string> paths;
  for (const auto& [path, one] : missing_.all()) {
    if (one.info->id() == id) paths.push_back(path);
  }
  for (const std::string& path : paths) {
    const auto forgotten = co_await forget_missing(path);
    if (!forgotten) co_return forgotten;
  }
  co_return result<void>{};
}

awaitable<result<void>> library::forget_missing(std::string path) {
  auto forget = [&database = context_.peer.database, path] { return database.remove_share(path); };
  auto forgotten = co_await offload(context_.peer.background, std::move(forget));
  if (!forgotten) co_return forgotten;
  missing_.remove(path);
  followed_.forget(path);
  watch_.remove(path);
  co_return forgotten;
}

void library::limit_all(const rate_limits& limits) {
  context_.peer.up.set_rate(limits.up);
  context_.peer.down.set_rate(limits.down);
  for (const auto& [id, one] : hosted_.all()) one->on_limits();
}

awaitable<result<void>> library::limit(share_id id, rate_limits limits) {
  if (const auto running = hosted_.find(id)) running->set_limits(limits);
  return limits_.set(id, limits);
}

awaitable<void> library::on_damage(std::shared_ptr<share> which, std::size_t pieces) {
  return losses_.on_damage(std::move(which), pieces);
}

void library::on_address(const address_change& change) {
  for (const auto& [id, one] : hosted_.all()) one->peers().on_address(change);
}

void library::on_keys() {
  for (const auto& [id, one] : hosted_.all()) one->peers().on_keys();
}

void library::on_swarm(const tracking::swarm& change) {
  const auto watched = hosted_.find(change.id);
  if (!watched) return;
  for (const auto& row : change.joined) watched->peers().on_found({row.address, row.port}, row.peer, row.seeder);
  for (const peer_id& gone : change.left) watched->peers().on_left(gone);
}

void library::on_wanted(const tracking::wanted& call) {
  if (const auto offered = hosted_.find(call.id)) offered->peers().on_wanted({call.address, call.port}, call.peer);
}

void library::on_signed(const tracking::share_row& row) {
  publishers_.on_listed(row);
  const auto here = hosted_.find(row.id);
  if (here && here->name() == row.name) here->on_claim(row.publication);
}

void library::on_share_progress(share& which) {
  hosted_.on_progress(which);
}

void library::on_download_ended(share& which) {
  hosted_.on_download_ended(which);
  // What is fetched for readers nobody asked to have here.
  if (!which.content().complete() || read_cache_.holds(which)) return;
  publishers_.on_here(which.name(), which.id(), which.published());
  const bool fetched = which.downloading() != nullptr && !which.downloading()->already_there();
  if (fetched && context_.settings.on_complete) context_.settings.on_complete(which);
}

void library::on_share_lost(share& which, const error& why) {
  losses_.on_lost(which, why);
}

void library::on_unreached(share& which, std::vector<peer_id> peers) {
  context_.discovery.unreached(which.id(), peers);
}

void library::on_accused(share& which, piece_index piece, const std::string& address) {
  accusations_.on_accused(which, piece, address);
}

awaitable<void> library::give_way(share& which, std::string path) {
  const auto old = hosted_.complete_at(path);
  if (!old || old.get() == &which) co_return;
  auto read = [&database = context_.peer.database, path] { return database.share(path); };
  auto row = co_await offload(context_.peer.background, std::move(read));
  if (const auto kept = co_await limits_.inherit(old->id(), which.id()); !kept) {
    log_warn("limits are not kept name=\"{}\" error=\"{}\"", printable(old->name()), kept.error().text);
  }
  which.set_limits(limits_.of(which.id()));
  co_await hosted_.retire(old, end_reason::share_removed);
  // If nothing comes of it, the older version is found there again.
  if (row && *row) missing_.add(std::move(**row), {errc::conflict, printable(path) + " is being replaced"});
}

awaitable<std::vector<local_content>> library::content_besides(const share& one) {
  const auto kept = co_await downloads_.kept_content(one.id());
  auto content = hosted_.content_besides(one);
  content.insert(content.end(), recorded_.all().begin(), recorded_.all().end());
  content.insert(content.end(), kept.begin(), kept.end());
  co_return content;
}

swarm_outlook library::outlook(const share& which) const {
  const discovery& swarm = context_.discovery;
  swarm_outlook seen{swarm.other_holders(which.id()), swarm.reachable()};
  // Only who finds no holder asks, because it takes a look at the whole catalogue.
  if (seen.holders == 0) seen.superseded = swarm.swarm().has_newer(which.name(), which.published());
  return seen;
}

}  // namespace shoal
