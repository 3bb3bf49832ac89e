// Downloads of a peer: begun, cancelled, and kept while they do not run.

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr duration resolve_timeout = std::chrono::seconds(5);

/// Makes what is missing of `directory` if asked to. The directory without symlinks: one way to say where content is.
result<std::string> directory_ready(const std::string& directory, bool make) {
  std::error_code ec;
  if (std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  if (!make) return error{errc::not_found, "no directory " + directory + ": create it, or name another with --dir"};
  std::filesystem::create_directories(directory, ec);
  if (!ec && std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  const bool in_the_way = !ec || ec.value() == ENOTDIR || ec.value() == EEXIST;
  if (in_the_way) {
    return error{errc::conflict, "cannot create directory " + printable(directory) +
                                     ": something else is in the way; name another with --dir"};
  }
  return system_error("cannot create directory " + printable(directory) + " (name another with --dir)", ec.value());
}

// One at a time begins or cancels a download of a share, because both take several steps on the disk.
class change_turn {
 public:
  change_turn(std::set<share_id>& changing, notifier& changes, const share_id& id)
      : changing_(changing), changes_(changes), id_(id) {
    changing_.insert(id_);
  }
  change_turn(const change_turn&) = delete;
  change_turn& operator=(const change_turn&) = delete;
  ~change_turn() {
    changing_.erase(id_);
    changes_.notify_all();
  }

 private:
  std::set<share_id>& changing_;
  notifier& changes_;
  const share_id id_;
};

}  // namespace

awaitable<result<std::shared_ptr<share>>> peer_node::download(download_request request) {
  while (changing_.contains(request.id)) co_await changes_.wait_until(never);
  const change_turn turn(changing_, changes_, request.id);
  if (const auto at = shares_.find(request.id); at != shares_.end() && at->second->complete()) {
    const auto known = at->second;
    const auto there = co_await is_there(known);
    if (!there && shares_.contains(request.id) && shares_.at(request.id) == known) co_return there.error();
  }
  co_await settle();
  const bool anywhere = request.directory.empty();
  // One that was cancelled or failed goes on where it was, and one that is missing is brought back there.
  if (const auto at = shares_.find(request.id);
      anywhere && at != shares_.end() && at->second->downloading() != nullptr) {
    request.directory = at->second->downloading()->request().directory;
  }
  if (const auto at = paused_.find(request.id); anywhere && at != paused_.end()) {
    request.directory = at->second.row.directory;
    request.symlinks = request.symlinks || at->second.row.symlinks;
  }
  for (const auto& [path, one] : missing_) {
    if (anywhere && one.info->id() == request.id) request.directory = std::filesystem::path(path).parent_path();
  }
  if (request.directory.empty()) request.directory = options_.download_directory;
  std::error_code ec;
  request.directory = std::filesystem::absolute(request.directory, ec).lexically_normal().string();
  if (request.directory.size() > 1 && request.directory.ends_with('/')) request.directory.pop_back();
  auto ready = [directory = request.directory, make = request.make_directory] {
    return directory_ready(directory, make);
  };
  const auto there = co_await offload(background_, std::move(ready));
  if (!there) co_return there.error();
  request.directory = *there;
  for (const auto& [path, one] : missing_) {
    if (one.info->id() != request.id) continue;
    if (path == request.directory + "/" + one.info->name()) request.mend_inode = one.row.inode;
    if (!request.info || !request.info->has_layers()) request.info = one.info;
  }
  for (const std::string& text : request.peers) {
    if (const auto where = parse_host_port(text); !where) co_return where.error();
  }
  if (const auto at = shares_.find(request.id); at != shares_.end()) {
    const auto known = at->second;
    const auto* running = known->downloading();
    if (known->complete() || (running != nullptr && !running->ended())) {
      for (const std::string& text : request.peers) {
        const std::vector<std::string> one{text};
        tasks_.spawn("find peers", find_user_peers(known, one));
      }
      co_return known;
    }
    co_await retire(known, end_reason::share_removed);
  }
  if (const auto row = discovery_->swarm().share(request.id)) {
    request.published = merged(request.published, row->publication);
  }
  // One that was cancelled a moment ago may still write.
  co_await wait_for_stopped(request.id);
  struct remembered {
    stored_download row;
    std::string given_up;
  };
  auto remember = [this, request]() -> result<remembered> {
    std::string given_up;
    auto known = database_->download(request.id);
    if (!known) return known.error();
    stored_download row = known->value_or(stored_download{});
    std::error_code ec;
    if (*known && std::filesystem::weakly_canonical(row.directory, ec) != request.directory) {
      // What it has there nobody would go on with, or find again.
      const auto info = metainfo::from_torrent(row.torrent);
      auto removed = remove_partial(row.directory, row.partial, info ? info->get() : nullptr);
      if (!removed) return removed.error();
      if (!row.partial.name.empty()) given_up = row.directory;
      row.partial = {};
      row.safe.clear();
      row.pending.clear();
    }
    row.id = request.id;
    row.paused = false;
    row.directory = request.directory;
    row.symlinks = request.symlinks;
    row.keep_modes = request.keep_modes;
    if (!request.name.empty()) row.name = request.name;
    if (!request.peers.empty()) row.peers = request.peers;
    row.published = merged(row.published, request.published);
    if (request.info && request.info->has_layers()) row.torrent = request.info->to_torrent();
    if (auto saved = database_->save_download(row); !saved) return saved.error();
    return remembered{std::move(row), std::move(given_up)};
  };
  auto outcome = co_await offload(background_, std::move(remember));
  if (!outcome) co_return outcome.error();
  const stored_download* row = &outcome->row;
  paused_.erase(request.id);
  if (stopped_) co_return error{errc::cancelled, "the peer stops"};
  if (const auto at = shares_.find(request.id); at != shares_.end()) co_return at->second;
  const bool layers_known = request.info && request.info->has_layers();
  if (!layers_known && !row->torrent.empty()) {
    auto info = metainfo::from_torrent(row->torrent);
    if (info) request.info = *info;
  }
  request.safe = row->safe;
  request.pending = row->pending;
  request.partial = row->partial;
  request.published = row->published;
  request.given_up = std::move(outcome->given_up);
  const bool resumes = !row->safe.empty() || !row->pending.empty();
  log_info("download {} name=\"{}\" size=\"{}\" directory=\"{}\" share={}", resumes ? "is resumed" : "begins",
           printable(request.info ? request.info->name() : row->name),
           request.info ? human_bytes(request.info->total_bytes()) : "not known yet", printable(request.directory),
           request.id.hex().substr(0, 12));
  auto begun = std::make_shared<share>(*context_, static_cast<share_observer&>(*this), request.id);
  const std::vector<std::string> peers = row->peers;
  const bool is_private = request.info && request.info->is_private();
  begun->start_download(std::move(request));
  start(begun);
  if (!is_private) discovery_->watch(begun->id());
  if (!peers.empty()) tasks_.spawn("find peers", find_user_peers(begun, peers));
  co_return begun;
}

awaitable<void> peer_node::let_go(std::shared_ptr<share> which) {
  const auto at = shares_.find(which->id());
  if (at != shares_.end() && at->second == which) co_await retire(which, end_reason::share_removed);
  co_await wait_for_stopped(which->id());
  const auto files = which->files();
  if (!files) co_return;
  // Others may hold it for a moment yet, and with it the lock of its partial.
  auto rest = [files] { return files->rest(); };
  const auto rests = co_await offload(background_, std::move(rest));
  if (!rests)
    log_warn("a download does not rest name=\"{}\" error=\"{}\"", printable(which->name()), rests.error().text);
}

awaitable<result<void>> peer_node::cancel(share_id id) {
  while (changing_.contains(id)) co_await changes_.wait_until(never);
  const change_turn turn(changing_, changes_, id);
  const auto at = shares_.find(id);
  if (at == shares_.end() || at->second->complete()) {
    co_return error{errc::not_found, "no download " + id.hex() + " is running: see 'status'"};
  }
  const auto which = at->second;
  co_await wait_for_finish(which);
  if (which->complete()) {
    co_return error{errc::conflict, "'" + which->name() +
                                        "' was complete before it could be cancelled: " + "'remove' stops sharing it"};
  }
  log_info("download is cancelled name=\"{}\" kept=\"{}\"", printable(which->name()),
           human_bytes(which->verified_bytes()));
  co_await retire(which, end_reason::share_removed);
  // Asked for again meanwhile: it goes on.
  if (shares_.contains(id)) co_return result<void>{};
  const auto files = which->files();
  auto keep = [this, id, files]() -> result<void> {
    if (auto paused = database_->pause_download(id); !paused) return paused;
    if (!files || !files->record().taken_back) return {};
    // What was complete once goes back to its place.
    if (auto given_back = files->discard(); !given_back) return given_back;
    return database_->remove_download(id);
  };
  const auto kept = co_await offload(background_, std::move(keep));
  co_await list_paused(id);
  co_return kept;
}

awaitable<void> peer_node::list_paused(share_id id) {
  auto read = [this, id] { return database_->download(id); };
  auto kept = co_await offload(background_, std::move(read));
  if (kept && *kept && !shares_.contains(id)) pause(std::move(**kept));
}

void peer_node::pause(stored_download row) {
  auto info = metainfo::from_torrent(row.torrent);
  row.torrent.clear();
  const share_id id = row.id;
  paused_.insert_or_assign(id, paused_download{std::move(row), info ? *info : nullptr});
  changes_.notify_all();
}

const paused_download* peer_node::paused(const share_id& id) const {
  const auto at = paused_.find(id);
  return at != paused_.end() ? &at->second : nullptr;
}

awaitable<result<void>> peer_node::forget_paused(share_id id) {
  auto kept = paused_.extract(id);
  auto forget = [this, id] { return forget_download(id); };
  const auto forgotten = co_await offload(background_, std::move(forget));
  if (!forgotten && kept && !shares_.contains(id)) paused_.insert(std::move(kept));
  co_return forgotten;
}

result<void> peer_node::forget_download(const share_id& id) {
  auto row = database_->download(id);
  if (!row) return row.error();
  // Begun again meanwhile: it is somebody's.
  if (!*row || !(*row)->paused) return {};
  const auto info = metainfo::from_torrent((*row)->torrent);
  auto removed = remove_partial((*row)->directory, (*row)->partial, info ? info->get() : nullptr);
  return removed ? database_->remove_download(id) : removed;
}

awaitable<void> peer_node::wait_for_finish(std::shared_ptr<share> which) {
  const auto* running = which->downloading();
  while (running != nullptr && running->phase() == download_phase::finishing && !which->stopped()) {
    co_await changes_.wait_until(never);
  }
}

awaitable<void> peer_node::find_user_peers(std::shared_ptr<share> which, std::vector<std::string> peers) {
  for (const std::string& text : peers) {
    const auto where = parse_host_port(text);
    if (!where) continue;
    const auto found = co_await resolve(*where, resolve_timeout);
    if (which->stopped()) co_return;
    if (!found) {
      log_warn("peer is not found peer={} error=\"{}\"", text, found.error().text);
      continue;
    }
    for (const auto& endpoint : *found) {
      which->peers().on_found({plain_address(endpoint).to_string(), endpoint.port()}, std::nullopt, false);
    }
  }
}

}  // namespace shoal
