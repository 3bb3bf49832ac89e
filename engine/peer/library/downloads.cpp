#include "peer/library/downloads.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr duration resolve_timeout = std::chrono::seconds(5);

/// Makes what is missing of `directory` if asked to. The directory without symlinks: one way to say where content is.
result<std::string> directory_ready(const std::string& directory, bool make) {
  std::error_code ec;
  if (std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  if (!make) return error{errc::not_found, "no directory " + directory, remedy::make_directory};
  std::filesystem::create_directories(directory, ec);
  if (!ec && std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  const bool in_the_way = !ec || ec.value() == ENOTDIR || ec.value() == EEXIST;
  if (in_the_way) {
    return error{errc::conflict, "cannot create directory " + printable(directory) + ": something else is in the way",
                 remedy::other_directory};
  }
  return helped_by(remedy::other_directory,
                   system_error("cannot create directory " + printable(directory), ec.value()));
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

bool runs(const share& one) {
  return one.complete() || (one.downloading() != nullptr && !one.downloading()->ended());
}

}  // namespace

awaitable<result<std::shared_ptr<share>>> downloads::begin(download_request request) {
  while (changing_.contains(request.id)) co_await context_.changes.wait_until(never);
  const change_turn turn(changing_, context_.changes, request.id);
  if (const auto known = hosted_.find(request.id); known && known->complete()) {
    const auto there = co_await doubt_.is_there(known);
    if (!there && hosted_.find(request.id) == known) co_return there.error();
  }
  co_await losses_.settle();
  if (const auto placed = co_await find_place(request); !placed) co_return placed.error();
  for (const std::string& text : request.peers) {
    if (const auto where = parse_host_port(text); !where) co_return where.error();
  }
  if (const auto known = hosted_.find(request.id)) {
    if (runs(*known)) {
      for (const std::string& text : request.peers) {
        const std::vector<std::string> one{text};
        context_.tasks.spawn("find peers", find_peers(known, one));
      }
      co_return known;
    }
    co_await hosted_.retire(known, end_reason::share_removed);
  }
  if (const auto row = context_.discovery.swarm().share(request.id)) {
    request.published = merged(request.published, row->publication);
  }
  // One that was cancelled a moment ago may still write.
  co_await hosted_.wait_for_stopped(request.id);
  const auto row = co_await remember(request);
  if (!row) co_return row.error();
  paused_.erase(request.id);
  if (context_.stopped()) co_return error{errc::cancelled, "the peer stops"};
  if (const auto known = hosted_.find(request.id)) co_return known;
  const bool layers_known = request.info && request.info->has_layers();
  if (!layers_known && !row->torrent.empty()) {
    auto info = metainfo::from_torrent(row->torrent);
    if (info) request.info = *info;
  }
  request.safe = row->safe;
  request.pending = row->pending;
  request.partial = row->partial;
  request.published = row->published;
  const bool resumes = !row->safe.empty() || !row->pending.empty();
  log_info("download {} name=\"{}\" size=\"{}\" directory=\"{}\" share={}", resumes ? "is resumed" : "begins",
           printable(request.info ? request.info->name() : row->name),
           request.info ? human_bytes(request.info->total_bytes()) : "not known yet", printable(request.directory),
           request.id.hex().substr(0, 12));
  auto begun = hosted_.fetch(std::move(request));
  if (!row->peers.empty()) context_.tasks.spawn("find peers", find_peers(begun, row->peers));
  co_return begun;
}

awaitable<result<void>> downloads::find_place(download_request& request) {
  if (request.directory.empty()) {
    // One that was cancelled or failed goes on where it was, and one that is missing is brought back there.
    if (const auto known = hosted_.find(request.id); known && known->downloading() != nullptr) {
      request.directory = known->downloading()->request().directory;
    }
    if (const paused_download* kept = paused(request.id); kept != nullptr) {
      request.directory = kept->row.directory;
      request.symlinks = request.symlinks || kept->row.symlinks;
    }
    for (const auto& [path, one] : missing_.all()) {
      if (one.info->id() == request.id) request.directory = std::filesystem::path(path).parent_path();
    }
  }
  if (request.directory.empty()) request.directory = context_.settings.download_directory;
  std::error_code ec;
  request.directory = std::filesystem::absolute(request.directory, ec).lexically_normal().string();
  if (request.directory.size() > 1 && request.directory.ends_with('/')) request.directory.pop_back();
  auto ready = [directory = request.directory, make = request.make_directory] {
    return directory_ready(directory, make);
  };
  const auto there = co_await offload(context_.peer.background, std::move(ready));
  if (!there) co_return there.error();
  request.directory = *there;
  for (const auto& [path, one] : missing_.all()) {
    if (one.info->id() != request.id) continue;
    if (path == request.directory + "/" + one.info->name()) request.mend_inode = one.row.inode;
    if (!request.info || !request.info->has_layers()) request.info = one.info;
  }
  co_return result<void>{};
}

awaitable<result<stored_download>> downloads::remember(download_request& request) {
  struct remembered {
    stored_download row;
    std::string given_up;
  };
  auto save = [&database = context_.peer.database, request]() -> result<remembered> {
    std::string given_up;
    auto known = database.download(request.id);
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
    row.no_reuse = !request.reuse;
    row.no_reuse = !request.reuse;
    if (!request.name.empty()) row.name = request.name;
    if (!request.peers.empty()) row.peers = request.peers;
    row.published = merged(row.published, request.published);
    if (request.info && request.info->has_layers()) row.torrent = request.info->to_torrent();
    if (auto saved = database.save_download(row); !saved) return saved.error();
    return remembered{std::move(row), std::move(given_up)};
  };
  auto saved = co_await offload(context_.peer.background, std::move(save));
  if (!saved) co_return saved.error();
  request.given_up = std::move(saved->given_up);
  co_return std::move(saved->row);
}

awaitable<void> downloads::restore(stored_download row, std::uint64_t mend_inode) {
  if (row.paused) co_return pause(std::move(row));
  download_request request;
  request.id = row.id;
  request.name = row.name;
  request.directory = row.directory;
  request.symlinks = row.symlinks;
  request.keep_modes = row.keep_modes;
  request.reuse = !row.no_reuse;
  request.peers = row.peers;
  request.safe = row.safe;
  request.pending = row.pending;
  request.partial = row.partial;
  request.published = row.published;
  request.mend_inode = mend_inode;
  if (!row.torrent.empty()) {
    auto info = metainfo::from_torrent(row.torrent);
    if (info) request.info = *info;
  }
  const auto begun = co_await begin(std::move(request));
  if (begun) (*begun)->wanted().on_background();
  if (!begun) log_warn("download is not resumed name=\"{}\" error=\"{}\"", printable(row.name), begun.error().text);
}

awaitable<void> downloads::let_go(std::shared_ptr<share> which) {
  if (hosted_.find(which->id()) == which) co_await hosted_.retire(which, end_reason::share_removed);
  co_await hosted_.wait_for_stopped(which->id());
  const auto files = which->files();
  if (!files) co_return;
  // Others may hold it for a moment yet, and with it the lock of its partial.
  auto rest = [files] { return files->rest(); };
  const auto rests = co_await offload(context_.peer.background, std::move(rest));
  if (!rests)
    log_warn("a download does not rest name=\"{}\" error=\"{}\"", printable(which->name()), rests.error().text);
}

awaitable<result<void>> downloads::cancel(share_id id) {
  while (changing_.contains(id)) co_await context_.changes.wait_until(never);
  const change_turn turn(changing_, context_.changes, id);
  const auto which = hosted_.find(id);
  if (!which || which->complete()) {
    co_return error{errc::not_found, "no download " + id.hex() + " is running", remedy::see_status};
  }
  co_await hosted_.wait_for_finish(which);
  if (which->complete()) {
    co_return error{
        errc::conflict,
        "'" + which->name() + "' was complete before it could be cancelled: remove it if it is not to be shared"};
  }
  log_info("download is cancelled name=\"{}\" kept=\"{}\"", printable(which->name()),
           human_bytes(which->verified_bytes()));
  co_await hosted_.retire(which, end_reason::share_removed);
  // Asked for again meanwhile: it goes on.
  if (hosted_.find(id)) co_return result<void>{};
  const auto files = which->files();
  auto keep = [&database = context_.peer.database, id, files]() -> result<void> {
    if (auto paused = database.pause_download(id); !paused) return paused;
    if (!files || !files->record().taken_back) return {};
    // What was complete once goes back to its place.
    if (auto given_back = files->discard(); !given_back) return given_back;
    return database.remove_download(id);
  };
  const auto kept = co_await offload(context_.peer.background, std::move(keep));
  co_await list_paused(id);
  co_return kept;
}

awaitable<result<void>> downloads::remove(std::shared_ptr<share> which) {
  const share_id id = which->id();
  const auto files = which->files();
  log_info("download is removed name=\"{}\"", printable(which->name()));
  co_await hosted_.retire(which, end_reason::share_removed);
  auto discard = [this, id, files]() -> result<void> {
    auto& database = context_.peer.database;
    if (auto paused = database.pause_download(id); !paused) return paused;
    if (!files) return forget(id);
    if (auto discarded = files->discard(); !discarded) return discarded;
    return database.remove_download(id);
  };
  const auto discarded = co_await offload(context_.peer.background, std::move(discard));
  // What cannot be deleted, or go back to its place, stays listed.
  if (!discarded) co_await list_paused(id);
  co_return discarded;
}

awaitable<void> downloads::list_paused(share_id id) {
  auto read = [&database = context_.peer.database, id] { return database.download(id); };
  auto kept = co_await offload(context_.peer.background, std::move(read));
  if (kept && *kept && !hosted_.find(id)) pause(std::move(**kept));
}

void downloads::pause(stored_download row) {
  auto info = metainfo::from_torrent(row.torrent);
  row.torrent.clear();
  const share_id id = row.id;
  paused_.insert_or_assign(id, paused_download{std::move(row), info ? *info : nullptr});
  context_.changes.notify_all();
}

const paused_download* downloads::paused(const share_id& id) const {
  const auto at = paused_.find(id);
  return at != paused_.end() ? &at->second : nullptr;
}

awaitable<result<void>> downloads::forget_paused(share_id id) {
  auto kept = paused_.extract(id);
  auto discard = [this, id] { return forget(id); };
  const auto discarded = co_await offload(context_.peer.background, std::move(discard));
  if (!discarded && kept && !hosted_.find(id)) paused_.insert(std::move(kept));
  co_return discarded;
}

result<void> downloads::forget(const share_id& id) {
  auto row = context_.peer.database.download(id);
  if (!row) return row.error();
  // Begun again meanwhile: it is somebody's.
  if (!*row || !(*row)->paused) return {};
  const auto info = metainfo::from_torrent((*row)->torrent);
  auto removed = remove_partial((*row)->directory, (*row)->partial, info ? info->get() : nullptr);
  return removed ? context_.peer.database.remove_download(id) : removed;
}

awaitable<void> downloads::find_peers(std::shared_ptr<share> which, std::vector<std::string> peers) {
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
