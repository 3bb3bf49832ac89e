// What the record says and what is on the disk: shares of earlier runs, and those whose content is missing or damaged.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/publisher.hpp"
#include "peer/peer_node.hpp"
#include "peer/share/piece_check.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr std::size_t notes_logged_max = 20;

struct opened_share {
  metainfo_ptr info;
  std::shared_ptr<content_files> files;
  std::vector<doubtful_file> doubtful;
};

result<opened_share> open_stored(const stored_share& row, const std::shared_ptr<file_cache>& cache) {
  auto info = metainfo::from_torrent(row.torrent);
  if (!info) return info.error();
  if (row.signatures.empty() || !(*info)->has_layers()) {
    return error{errc::verification, printable(row.path) + " is damaged: download it again, or add it anew"};
  }
  std::error_code none;
  if (std::filesystem::symlink_status(row.path, none).type() == std::filesystem::file_type::not_found) {
    return error{errc::not_found, printable(row.path) + " is gone"};
  }
  auto files = content_files::open_complete(row.path, *info, row.signatures, cache);
  if (!files) return files.error();
  auto doubtful = (*files)->check();
  if (!doubtful) return doubtful.error();
  return opened_share{*info, *files, std::move(*doubtful)};
}

error doubt_error(const std::string& path) {
  return {errc::conflict, printable(path) + " was touched: it is being read, and shared again if it is as it was"};
}

// What is to be known of a share that was added at the start, as `add` says it.
void log_notes(const std::vector<std::string>& notes) {
  const std::size_t logged = std::min(notes.size(), notes_logged_max);
  for (std::size_t i = 0; i < logged; ++i) log_warn("note: {}", notes[i]);
  if (logged < notes.size()) log_warn("note: {} more; 'node add' lists them", notes.size() - logged);
}

}  // namespace

bool peer_node::is_of(const stored_share& row, const share_id& id) {
  const auto info = metainfo::from_torrent(row.torrent);
  return info && (*info)->id() == id;
}

awaitable<void> peer_node::restore(std::vector<hashing_mark> marks) {
  if (!options_.remember) co_return co_await add_at_start(std::move(marks));
  auto read = [this]() -> result<std::pair<std::vector<stored_share>, std::vector<stored_download>>> {
    auto shares = database_->shares();
    if (!shares) return shares.error();
    auto downloads = database_->downloads();
    if (!downloads) return downloads.error();
    return std::pair(std::move(*shares), std::move(*downloads));
  };
  auto stored = co_await offload(background_, std::move(read));
  if (!stored) {
    log_error("state cannot be read error=\"{}\"", stored.error().text);
    co_return;
  }
  std::map<std::string, const stored_share*> complete;
  for (const auto& row : stored->first) complete[row.path] = &row;
  // First, so that no disk that holds a share keeps them waiting.
  for (auto& row : stored->second) {
    const auto at = complete.find(row.directory + "/" + row.name);
    const std::uint64_t mend_inode = at != complete.end() && is_of(*at->second, row.id) ? at->second->inode : 0;
    if (!stopped_) co_await restore_download(std::move(row), mend_inode);
  }
  for (auto& row : stored->first) {
    if (!stopped_) co_await restore_share(std::move(row));
  }
  co_await add_at_start(std::move(marks));
}

awaitable<void> peer_node::restore_share(stored_share row) {
  auto look = [this, row] { return open_stored(row, context_->files); };
  auto ready = co_await offload(looks_, std::move(look));
  if (stopped_) co_return;
  if (ready && !ready->doubtful.empty()) {
    on_shared(row);
    miss(row, doubt_error(row.path));
    tasks_.spawn("read what is in doubt",
                 readmit(std::move(row), ready->info, ready->files, std::move(ready->doubtful)));
    co_return;
  }
  if (ready) {
    if (!shares_.contains(ready->info->id())) host(ready->info, ready->files, row.published);
    on_shared(row);
  } else {
    log_warn("share is not there path=\"{}\" error=\"{}\"", printable(row.path), ready.error().text);
    on_shared(row);
    miss(row, why_missing(row, ready.error()));
  }
  // What is named at the start is added anew in a moment.
  const bool named = std::ranges::find(options_.shares, row.path) != options_.shares.end();
  const bool changed = !ready && ready.error().code == errc::conflict;
  if (row.follow && !named && (ready || changed)) co_await follow(row.path, true);
}

awaitable<void> peer_node::restore_download(stored_download row, std::uint64_t mend_inode) {
  if (row.paused) co_return pause(std::move(row));
  download_request request;
  request.id = row.id;
  request.name = row.name;
  request.directory = row.directory;
  request.symlinks = row.symlinks;
  request.keep_modes = row.keep_modes;
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
  const auto begun = co_await download(std::move(request));
  if (begun) (*begun)->in_background = true;
  if (!begun) log_warn("download is not resumed name=\"{}\" error=\"{}\"", printable(row.name), begun.error().text);
}

awaitable<void> peer_node::add_at_start(std::vector<hashing_mark> marks) {
  for (std::size_t i = 0; i < options_.shares.size(); ++i) {
    if (stopped_) co_return;
    const std::string& path = options_.shares[i];
    auto go_on = [this](std::uint64_t, std::uint64_t) { return !stopped_; };
    share_options wanted;
    if (options_.follow) wanted.follow = true;
    const auto added = co_await add(path, wanted, std::move(marks[i]), std::move(go_on));
    if (added) {
      log_notes(added->notes);
      continue;
    }
    std::string why = added.error().text;
    std::ranges::replace(why, '\n', ';');
    log_error("cannot add path=\"{}\" error=\"{}\"", path, why);
  }
}

void peer_node::miss(stored_share row, error why) {
  auto info = metainfo::from_torrent(row.torrent);
  if (!info) return;
  const std::string path = row.path;
  missing_.insert_or_assign(path, missing_share{std::move(row), *info, std::move(why)});
  changes_.notify_all();
}

error peer_node::why_missing(const stored_share& row, error why) const {
  const auto at = followed_.find(row.path);
  if (at == followed_.end() || why.code != errc::conflict) return why;
  if (at->second.failed) return *at->second.failed;
  return {why.code, printable(row.path) + " changed on disk: its new version is hashed and shared by itself"};
}

void peer_node::on_share_lost(share& which, const error& why) {
  if (withdraw_lost(which, why)) tasks_.spawn("miss share", miss_lost(which.id(), which.files()->path(), why));
}

bool peer_node::withdraw_lost(share& which, const error& why) {
  const auto at = shares_.find(which.id());
  if (at == shares_.end() || at->second.get() != &which) return false;
  log_error("share is lost name=\"{}\" error=\"{}\"", printable(which.name()), why.text);
  const auto lost = at->second;
  shares_.erase(at);
  if (lost->stop_lost(why)) {
    discovery_->withdraw(lost->id());
  } else {
    tasks_.spawn("withdraw", withdraw_soon(lost));
  }
  losing_.insert(lost->id());
  return true;
}

awaitable<void> peer_node::miss_lost(share_id id, std::string path, error why) {
  const bool damaged = why.code == errc::verification;
  // Of another version, which was added meanwhile, nothing is known.
  auto read = [this, id, path, damaged]() -> result<std::optional<stored_share>> {
    auto row = database_->share(path);
    if (row && *row && !is_of(**row, id)) return std::optional<stored_share>();
    if (row && *row && damaged) {
      // Its files look as they should: without signatures it is not offered again by the next run either.
      (*row)->signatures.clear();
      if (auto saved = database_->save_share(**row); !saved) return saved.error();
    }
    return row;
  };
  auto row = co_await offload(background_, std::move(read));
  if (!stopped_ && row && *row && !complete_at(path)) miss(**row, why_missing(**row, std::move(why)));
  losing_.erase(losing_.find(id));
  changes_.notify_all();
}

awaitable<void> peer_node::settle() {
  while (!losing_.empty() && !stopped_) co_await changes_.wait_until(never);
}

awaitable<void> peer_node::on_damage(std::shared_ptr<share> which, std::size_t pieces) {
  // Of what is not there at all nothing more is said.
  if (!co_await look_at_disk(which)) co_return;
  const std::string path = which->files()->path();
  const error why = damaged_error(path, pieces);
  if (withdraw_lost(*which, why)) co_await miss_lost(which->id(), path, why);
}

awaitable<result<std::vector<doubtful_file>>> peer_node::look_at_disk(std::shared_ptr<share> which) {
  const auto files = which->files();
  auto look = [files] { return files->check(); };
  auto there = co_await offload(looks_, std::move(look));
  const bool lost = !there && (there.error().code == errc::not_found || there.error().code == errc::conflict);
  if (lost && withdraw_lost(*which, there.error())) co_await miss_lost(which->id(), files->path(), there.error());
  if (there && which->stopped()) co_return error{errc::cancelled, printable(files->path()) + " is not shared any more"};
  co_return there;
}

awaitable<void> peer_node::look_for(stored_share row) {
  auto look = [this, row] { return open_stored(row, context_->files); };
  auto ready = co_await offload(looks_, std::move(look));
  const auto at = missing_.find(row.path);
  if (stopped_ || at == missing_.end()) co_return;
  if (!ready) {
    if (ready.error().code != errc::verification) at->second.why = why_missing(row, ready.error());
    co_return;
  }
  if (shares_.contains(ready->info->id()) || in_doubt_.contains(row.path)) co_return;
  if (ready->doubtful.empty()) co_return there_again(row, ready->info, ready->files);
  at->second.why = doubt_error(row.path);
  tasks_.spawn("read what is in doubt", readmit(std::move(row), ready->info, ready->files, std::move(ready->doubtful)));
}

void peer_node::there_again(const stored_share& row, metainfo_ptr info, std::shared_ptr<content_files> files) {
  missing_.erase(row.path);
  log_info("share is there again path=\"{}\"", printable(row.path));
  host(std::move(info), std::move(files), row.published);
  changes_.notify_all();
}

awaitable<result<void>> peer_node::forget_missing(share_id id) {
  std::vector<std::string> paths;
  for (const auto& [path, one] : missing_) {
    if (one.info->id() == id) paths.push_back(path);
  }
  for (const std::string& path : paths) {
    missing_.erase(path);
    followed_.erase(path);
    watch_.remove(path);
  }
  auto forget = [this, paths]() -> result<void> {
    for (const std::string& path : paths) {
      if (auto forgotten = database_->remove_share(path); !forgotten) return forgotten;
    }
    return {};
  };
  co_return co_await offload(background_, std::move(forget));
}

const missing_share* peer_node::missing(const share_id& id) const {
  const auto at = std::ranges::find_if(missing_, [&id](const auto& one) { return one.second.info->id() == id; });
  return at != missing_.end() ? &at->second : nullptr;
}

}  // namespace shoal
