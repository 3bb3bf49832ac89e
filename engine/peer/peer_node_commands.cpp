// What people ask of a peer: add, download, cancel, remove, find.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "content/magnet.hpp"
#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "peer/publisher.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

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

// The only one of `rows` that `what` means.
result<share_id> the_one(live::snapshot rows, const std::string& what, std::string if_none) {
  catalogue among;
  among.on_snapshot(0, std::move(rows));
  auto found = among.find(what);
  if (!found && looks_like_magnet(what)) {
    // As it was given to `download`.
    const auto link = parse_magnet(what);
    if (!link) return link.error();
    found = among.find(link->id.hex());
  }
  if (!found && found.error().code == errc::not_found) return error{errc::not_found, std::move(if_none)};
  if (!found) return found.error();
  if (found->size() > 1) {
    return error{errc::ambiguous,
                 "'" + what + "' matches " + std::to_string(found->size()) + " shares: name one of them"};
  }
  return found->front().id;
}

}  // namespace

awaitable<result<added_share>> peer_node::add(std::string path, share_options wanted, hashing_mark mark,
                                              std::function<bool(std::uint64_t, std::uint64_t)> on_progress) {
  struct look_result {
    scan_result found;
    std::optional<stored_share> before;
  };
  const bool symlinks = wanted.symlinks;
  auto look = [this, path, symlinks]() -> result<look_result> {
    auto found = scan(path, scan_options{symlinks, state_path()});
    if (!found) return found.error();
    auto before = database_->share(found->path);
    if (!before) return before.error();
    return look_result{std::move(*found), std::move(*before)};
  };
  auto looked = co_await offload(background_, std::move(look));
  if (!looked) co_return looked.error();
  scan_result& found = looked->found;
  added_share outcome;
  outcome.notes = found.notes;
  outcome.state = looked->before ? "changed" : "new";
  std::shared_ptr<share> old = complete_at(found.path);
  const bool same =
      looked->before && looked->before->symlinks == symlinks && looked->before->signatures == found.signatures;
  // Under another name, that of a symlink for one, it is another share.
  if (same && old && old->name() == found.name) {
    if (wanted.follow && looked->before->follow != *wanted.follow) {
      looked->before->follow = *wanted.follow;
      auto save = [this, row = *looked->before] { return database_->save_share(row); };
      if (const auto saved = co_await offload(background_, std::move(save)); !saved) co_return saved.error();
    }
    on_shared(*looked->before);
    outcome.what = old;
    outcome.state = "unchanged";
    co_return outcome;
  }
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const file_entry& entry : found.files) total += entry.size;
  mark.found(found.name, total);
  auto progress = [&done, &mark, total, on_progress = std::move(on_progress)](std::uint64_t bytes) {
    done += bytes;
    mark.progress(done);
    return on_progress(done, total);
  };
  stored_share row;
  row.path = found.path;
  row.symlinks = symlinks;
  row.follow = wanted.follow.value_or(looked->before && looked->before->follow);
  row.signatures = found.signatures;
  const time_point hashing = clock::now();
  auto made = co_await make_share(*context_, std::move(found), std::move(progress));
  if (!made) co_return made.error();
  log_info("content is hashed name=\"{}\" size=\"{}\" path=\"{}\" seconds={:.1f}", printable(made->info->name()),
           human_bytes(total), printable(row.path), std::chrono::duration<double>(clock::now() - hashing).count());
  if (stopped_) co_return error{errc::cancelled, "the peer stops"};
  missing_.erase(row.path);
  row.torrent = made->info->to_torrent();
  row.published = publication_of_added(looked->before, made->info->id());
  const std::string at_path = row.path;
  const publication published = row.published;
  auto save = [this, row] { return database_->save_share(row); };
  const auto saved = co_await offload(background_, std::move(save));
  if (!saved) co_return saved.error();
  // Another add of the same path may have ended meanwhile.
  old = complete_at(at_path);
  const share_id id = made->info->id();
  if (old && old->id() != id) co_await retire(old, end_reason::share_removed);
  // Again after each retirement: another add of the same content may have come first.
  while (!stopped_ && shares_.contains(id)) {
    const auto twin = shares_.at(id);
    co_await wait_for_finish(twin);
    if (twin->complete() && twin != old && co_await is_there(twin)) {
      // The same content under another path: one share, served from where it was first.
      outcome.what = twin;
      outcome.state = "unchanged";
      outcome.notes.push_back("the same content is shared already from " + twin->files()->path());
      co_return outcome;
    }
    // The same content with other times on disk, or one that was still being downloaded, or was moved.
    co_await retire(twin, end_reason::share_removed);
  }
  if (stopped_) co_return error{errc::cancelled, "the peer stops"};
  if (const auto other = by_name_.find(made->info->name()); other != by_name_.end()) {
    const auto at = shares_.find(other->second);
    if (at != shares_.end() && at->second->complete() && supersedes(published, at->second->published)) {
      outcome.notes.push_back("the name '" + other->first + "' means this version from now on; the one at " +
                              at->second->files()->path() + " is had by its id");
    }
  }
  outcome.what = host(made->info, made->files, published);
  on_shared(row);
  co_return outcome;
}

publication peer_node::publication_of_added(const std::optional<stored_share>& before, const share_id& id) const {
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  publication now{publisher_,
                  static_cast<std::uint64_t>(std::chrono::round<std::chrono::milliseconds>(unix_time).count())};
  if (!before) return now;
  const auto info = metainfo::from_torrent(before->torrent);
  // The same content again: nothing is published that was not.
  if (info && (*info)->id() == id && before->published.known()) return before->published;
  if (before->published.publisher == publisher_) now.ms = std::max(now.ms, before->published.ms + 1);
  return now;
}

awaitable<result<std::shared_ptr<share>>> peer_node::download(download_request request) {
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
  if (const auto row = catalogue_.share(request.id)) request.published = merged(request.published, row->publication);
  // One that was cancelled a moment ago may still write.
  co_await wait_for_stopped(request.id);
  auto remember = [this, request]() -> result<stored_download> {
    auto known = database_->download(request.id);
    if (!known) return known.error();
    stored_download row = known->value_or(stored_download{});
    std::error_code ec;
    if (*known && std::filesystem::weakly_canonical(row.directory, ec) != request.directory) {
      // What it has there nobody would go on with, or find again.
      const auto info = metainfo::from_torrent(row.torrent);
      auto removed = remove_partial(row.directory, row.partial, info ? info->get() : nullptr);
      if (!removed) return removed.error();
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
    return row;
  };
  auto row = co_await offload(background_, std::move(remember));
  if (!row) co_return row.error();
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
  for (auto& tracker : trackers_) {
    if (!is_private) tracker->watch(begun->id());
  }
  if (!peers.empty()) tasks_.spawn("find peers", find_user_peers(begun, peers));
  co_return begun;
}

std::shared_ptr<share> peer_node::complete_at(const std::string& path) const {
  const auto at = by_path_.find(path);
  const auto here = at == by_path_.end() ? shares_.end() : shares_.find(at->second);
  if (here == shares_.end() || !here->second->complete()) return nullptr;
  return here->second->files()->path() == path ? here->second : nullptr;
}

awaitable<result<void>> peer_node::cancel(share_id id) {
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
  auto keep = [this, id, files]() -> result<std::optional<stored_download>> {
    // What was complete once goes back to its place.
    if (files && files->record().taken_back) {
      if (auto given_back = files->discard(); !given_back) return given_back.error();
      if (auto forgotten = database_->remove_download(id); !forgotten) return forgotten.error();
    } else if (auto paused = database_->pause_download(id); !paused) {
      return paused.error();
    }
    return database_->download(id);
  };
  auto kept = co_await offload(background_, std::move(keep));
  if (!kept) co_return kept.error();
  if (*kept && !shares_.contains(id)) pause(std::move(**kept));
  co_return result<void>{};
}

awaitable<result<void>> peer_node::remove(share_id id) {
  const auto at = shares_.find(id);
  if (at == shares_.end()) co_return error{errc::not_found, "no share " + id.hex() + " here: see 'status'"};
  const auto which = at->second;
  co_await wait_for_finish(which);
  const bool complete = which->complete();
  const auto files = which->files();
  if (complete) followed_.erase(files->path());
  log_info("{} is removed name=\"{}\"", complete ? "share" : "download", printable(which->name()));
  co_await retire(which, end_reason::share_removed);
  auto forget = [this, id, complete, files]() -> result<void> {
    if (complete) return database_->remove_share(files->path());
    if (!files) return forget_download(id);
    if (auto discarded = files->discard(); !discarded) return discarded;
    return database_->remove_download(id);
  };
  co_return co_await offload(background_, std::move(forget));
}

live::snapshot peer_node::own_shares() const {
  live::snapshot rows;
  for (const auto& [id, one] : shares_) {
    live::share_row row;
    row.id = id;
    row.name = one->name();
    if (one->info()) {
      row.bytes = one->info()->total_bytes();
      row.files = one->info()->regular_file_count();
    }
    row.held = one->verified_bytes();
    row.publication = one->published;
    if (one->complete()) {
      row.seeders = 1;
    } else {
      row.leechers = 1;
    }
    rows.shares.push_back(std::move(row));
  }
  return rows;
}

live::snapshot peer_node::recorded() const {
  live::snapshot rows = own_shares();
  auto take = [this, &rows](const share_id& id, const std::string& name, const metainfo_ptr& info,
                            const publication& published) {
    if (shares_.contains(id)) return;
    live::share_row row;
    row.id = id;
    row.name = name;
    row.bytes = info ? info->total_bytes() : 0;
    row.publication = published;
    rows.shares.push_back(std::move(row));
  };
  for (const auto& [path, one] : missing_) take(one.info->id(), one.info->name(), one.info, one.row.published);
  for (const auto& [id, one] : paused_) take(id, one.row.name, one.info, one.row.published);
  return rows;
}

catalogue peer_node::known() const {
  catalogue all = catalogue_;
  all.on_snapshot(trackers_.size(), recorded());
  return all;
}

catalogue peer_node::catalogue_with_own() const {
  catalogue all = catalogue_;
  all.on_snapshot(trackers_.size(), own_shares());
  return all;
}

result<share_id> peer_node::find_here(const std::string& what) const {
  return the_one(recorded(), what, "this peer neither shares nor downloads '" + what + "': see 'status'");
}

result<share_id> peer_node::find_unfinished(const std::string& what) const {
  live::snapshot rows = own_shares();
  std::erase_if(rows.shares, [](const live::share_row& row) { return row.leechers == 0; });
  return the_one(std::move(rows), what, "nothing called '" + what + "' is being downloaded: see 'status'");
}

}  // namespace shoal
