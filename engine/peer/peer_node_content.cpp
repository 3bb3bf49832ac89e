// What the record says and what is on the disk: shares of earlier runs, and those whose content is missing or damaged.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "peer/publisher.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Content is looked at this often, or as seldom as keeps the looking under a hundredth of the time.
constexpr duration look_interval_min = std::chrono::seconds(5);
constexpr int look_pause_factor = 100;
// A new version is shared when nothing changed it for so long.
constexpr duration follow_quiet = std::chrono::seconds(2);
constexpr duration follow_interval = std::chrono::milliseconds(500);
constexpr std::size_t notes_logged_max = 20;

result<made_share> open_stored(const stored_share& row, const std::shared_ptr<file_cache>& cache) {
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
  return made_share{*info, *files};
}

bool is_of(const stored_share& row, const share_id& id) {
  const auto info = metainfo::from_torrent(row.torrent);
  return info && (*info)->id() == id;
}

// What is to be known of a share that was added at the start, as `add` says it.
void log_notes(const std::vector<std::string>& notes) {
  const std::size_t logged = std::min(notes.size(), notes_logged_max);
  for (std::size_t i = 0; i < logged; ++i) log_warn("note: {}", notes[i]);
  if (logged < notes.size()) log_warn("note: {} more; 'node add' lists them", notes.size() - logged);
}

}  // namespace

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
  if (ready) {
    if (!shares_.contains(ready->info->id())) host(ready->info, ready->files, row.published);
    on_shared(row);
    co_return;
  }
  log_warn("share is not there path=\"{}\" error=\"{}\"", printable(row.path), ready.error().text);
  on_shared(row);
  miss(std::move(row), ready.error());
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
    withdraw(*lost);
  } else {
    tasks_.spawn("withdraw", withdraw_soon(lost));
  }
  losing_.insert(lost->id());
  return true;
}

awaitable<void> peer_node::miss_lost(share_id id, std::string path, error why) {
  const bool damaged = why.code == errc::verification;
  auto read = [this, path, damaged]() -> result<std::optional<stored_share>> {
    auto row = database_->share(path);
    if (row && *row && damaged) {
      // Its files look as they should: without signatures it is not offered again by the next run either.
      (*row)->signatures.clear();
      if (auto saved = database_->save_share(**row); !saved) return saved.error();
    }
    return row;
  };
  auto row = co_await offload(background_, std::move(read));
  if (!stopped_ && row && *row && !complete_at(path)) miss(std::move(**row), std::move(why));
  losing_.erase(losing_.find(id));
  changes_.notify_all();
}

awaitable<void> peer_node::settle() {
  while (!losing_.empty() && !stopped_) co_await changes_.wait_until(never);
}

awaitable<void> peer_node::on_damage(std::shared_ptr<share> which, std::size_t pieces) {
  // Of what is not there at all nothing more is said.
  if (!co_await is_there(which)) co_return;
  const std::string path = which->files()->path();
  const error why{errc::verification, printable(path) + " has " + std::to_string(pieces) + " damaged " +
                                          (pieces == 1 ? "piece" : "pieces") + ": download it again, or add it anew"};
  if (withdraw_lost(*which, why)) co_await miss_lost(which->id(), path, why);
}

awaitable<result<void>> peer_node::is_there(std::shared_ptr<share> which) {
  const auto files = which->files();
  auto look = [files] { return files->check(); };
  const result<void> there = co_await offload(looks_, std::move(look));
  const bool lost = !there && (there.error().code == errc::not_found || there.error().code == errc::conflict);
  if (lost && withdraw_lost(*which, there.error())) co_await miss_lost(which->id(), files->path(), there.error());
  if (there && which->stopped()) co_return error{errc::cancelled, printable(files->path()) + " is not shared any more"};
  co_return there;
}

awaitable<void> peer_node::look_at_content() {
  time_point next_look = clock::now() + look_interval_min;
  while (!stopped_) {
    const bool unsettled =
        std::ranges::any_of(followed_, [](const auto& one) { return !one.second.seen.empty() && !one.second.adding; });
    if (changed_.empty()) {
      look_timer_.expires_at(unsettled ? std::min(next_look, clock::now() + follow_interval) : next_look);
      (void)co_await look_timer_.async_wait(use_tuple);
    }
    const std::set<std::string> changed = std::exchange(changed_, {});
    for (const std::string& path : changed) {
      if (!stopped_) co_await look_at(path);
    }
    const time_point begun = clock::now();
    if (begun >= next_look) {
      co_await look_at_all();
      next_look = clock::now() + std::max<duration>(look_interval_min, look_pause_factor * (clock::now() - begun));
    } else if (unsettled) {
      std::vector<std::string> paths;
      for (const auto& [path, one] : followed_) {
        if (!one.seen.empty()) paths.push_back(path);
      }
      for (const std::string& path : paths) co_await follow(path);
    }
  }
}

awaitable<void> peer_node::look_at_all() {
  std::vector<std::shared_ptr<share>> complete;
  for (const auto& [id, one] : shares_) {
    if (one->complete() && !one->stopped()) complete.push_back(one);
  }
  for (const auto& one : complete) {
    if (!stopped_ && !one->stopped()) (void)co_await is_there(one);
  }
  std::vector<stored_share> rows;
  for (const auto& [path, one] : missing_) rows.push_back(one.row);
  for (auto& row : rows) {
    if (!stopped_) co_await look_for(std::move(row));
  }
  std::vector<std::string> paths;
  for (const auto& [path, one] : followed_) paths.push_back(path);
  for (const std::string& path : paths) co_await follow(path);
}

awaitable<void> peer_node::look_at(std::string path) {
  if (const auto one = complete_at(path)) (void)co_await is_there(one);
  if (const auto at = missing_.find(path); at != missing_.end()) co_await look_for(at->second.row);
  co_await follow(path);
}

void peer_node::watch_content(const share& which) {
  const std::string path = which.files()->path();
  std::set<std::string> folders{path};
  for (const file_entry& file : which.info()->files()) {
    if (!which.info()->is_folder() || folders.size() >= file_watches_max) break;
    for (auto end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
      folders.insert(path + "/" + file.path.substr(0, end));
    }
  }
  tasks_.spawn("watch share", watch_.add(path, {folders.begin(), folders.end()}));
}

void peer_node::on_shared(const stored_share& row) {
  if (!row.follow) {
    followed_.erase(row.path);
    return;
  }
  followed_path& one = followed_[row.path];
  one.symlinks = row.symlinks;
  one.shared = row.signatures;
  one.seen.clear();
}

awaitable<void> peer_node::follow(std::string path) {
  const auto known = followed_.find(path);
  if (stopped_ || known == followed_.end() || known->second.adding) co_return;
  auto look = [this, path, symlinks = known->second.symlinks] {
    return scan(path, scan_options{symlinks, state_path()});
  };
  auto found = co_await offload(looks_, std::move(look));
  const auto at = followed_.find(path);
  if (stopped_ || !found || at == followed_.end() || at->second.adding) co_return;
  followed_path& one = at->second;
  if (found->signatures == one.shared && !missing_.contains(path)) {
    one.seen.clear();
  } else if (found->signatures != one.seen) {
    one.seen = std::move(found->signatures);
    one.seen_at = clock::now();
  } else if (!one.seen.empty() && clock::now() - one.seen_at >= follow_quiet) {
    one.adding = true;
    tasks_.spawn("share anew", share_anew(std::move(path)));
  }
}

awaitable<void> peer_node::share_anew(std::string path) {
  auto go_on = [this](std::uint64_t, std::uint64_t) { return !stopped_; };
  share_options wanted;
  wanted.symlinks = followed_.at(path).symlinks;
  auto mark = announce_add(path);
  const auto added = co_await add(path, wanted, std::move(mark), std::move(go_on));
  const auto at = followed_.find(path);
  if (at == followed_.end()) co_return;
  at->second.adding = false;
  if (added) {
    log_info("new version is shared name=\"{}\" path=\"{}\"", (*added).what->name(), path);
    co_return;
  }
  // Not tried again before it changes again.
  at->second.shared = std::exchange(at->second.seen, {});
  if (!stopped_) log_error("new version cannot be shared path=\"{}\" error=\"{}\"", path, added.error().text);
}

awaitable<void> peer_node::look_for(stored_share row) {
  auto look = [this, row] { return open_stored(row, context_->files); };
  auto ready = co_await offload(looks_, std::move(look));
  const auto at = missing_.find(row.path);
  if (stopped_ || at == missing_.end()) co_return;
  if (!ready) {
    at->second.why = ready.error().code == errc::verification ? at->second.why : ready.error();
    co_return;
  }
  if (shares_.contains(ready->info->id())) co_return;
  missing_.erase(at);
  log_info("share is there again path=\"{}\"", printable(row.path));
  host(ready->info, ready->files, row.published);
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
  auto forget = [this, id] { return forget_download(id); };
  const auto forgotten = co_await offload(background_, std::move(forget));
  if (forgotten) paused_.erase(id);
  co_return forgotten;
}

result<void> peer_node::forget_download(const share_id& id) {
  auto row = database_->download(id);
  if (!row) return row.error();
  if (!*row) return {};
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

}  // namespace shoal
