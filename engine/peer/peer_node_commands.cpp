// What people ask of a peer: add, remove, find.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "content/magnet.hpp"
#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/publisher.hpp"
#include "peer/peer_node.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

bool has_failed(const share& one) {
  return one.downloading() != nullptr && one.downloading()->phase() == download_phase::failed;
}

// It has a part of the share, or will have: whoever looks for a place, or found none, has nothing of it.
bool takes_part(const share& one) {
  const bool asks = one.downloading() != nullptr && one.downloading()->phase() == download_phase::metadata;
  return asks || (one.files() && !has_failed(one));
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
  const auto go_on = on_progress;
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
  known_content before;
  if (looked->before) before = {looked->before->torrent, looked->before->signatures};
  auto made = co_await make_share(*context_, std::move(found), std::move(before), std::move(progress));
  if (!made) co_return made.error();
  outcome.files_hashed = made->files_hashed;
  outcome.files_known = made->files_known;
  if (!go_on(total, total)) co_return error{errc::cancelled, printable(row.path) + " is not wanted any more"};
  log_info("content is hashed name=\"{}\" size=\"{}\" path=\"{}\" seconds={:.1f} files_known={}",
           printable(made->info->name()), human_bytes(total), printable(row.path),
           std::chrono::duration<double>(clock::now() - hashing).count(), made->files_known);
  if (stopped_) co_return error{errc::cancelled, "the peer stops"};
  missing_.erase(row.path);
  const std::string at_path = row.path;
  struct saved_share {
    publication published;
    bool same_content = false;  // as at its path before, whatever else was done to the files
  };
  auto save = [this, row, before = looked->before, info = made->info]() mutable -> result<saved_share> {
    const bool same_content = before && is_of(*before, info->id());
    row.published = publication_of_added(before, same_content);
    row.torrent = info->to_torrent();
    if (auto saved = database_->save_share(row); !saved) return saved.error();
    return saved_share{row.published, same_content};
  };
  const auto saved = co_await offload(background_, std::move(save));
  if (!saved) co_return saved.error();
  const publication published = saved->published;
  if (saved->same_content) outcome.state = "unchanged";
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

publication peer_node::publication_of_added(const std::optional<stored_share>& before, bool same_content) const {
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  publication now{publisher_,
                  static_cast<std::uint64_t>(std::chrono::round<std::chrono::milliseconds>(unix_time).count())};
  if (!before) return now;
  // The same content again: nothing is published that was not.
  if (same_content && before->published.known()) return before->published;
  if (before->published.publisher == publisher_)
    now.ms = std::clamp(before->published.ms + 1, now.ms, publication_ms_max);
  return now;
}

std::shared_ptr<share> peer_node::complete_at(const std::string& path) const {
  const auto at = by_path_.find(path);
  const auto here = at == by_path_.end() ? shares_.end() : shares_.find(at->second);
  if (here == shares_.end() || !here->second->complete()) return nullptr;
  return here->second->files()->path() == path ? here->second : nullptr;
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
    if (auto paused = database_->pause_download(id); !paused) return paused;
    if (!files) return forget_download(id);
    if (auto discarded = files->discard(); !discarded) return discarded;
    return database_->remove_download(id);
  };
  const auto forgotten = co_await offload(background_, std::move(forget));
  // What cannot be deleted, or go back to its place, stays listed.
  if (!forgotten && !complete) co_await list_paused(id);
  co_return forgotten;
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
    row.publication = one->published;
    if (takes_part(*one)) row.held = one->verified_bytes();
    if (one->complete()) {
      row.seeders = 1;
    } else if (takes_part(*one)) {
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
  return discovery_->swarm_with(recorded());
}

catalogue peer_node::catalogue_with_own() const {
  live::snapshot rows = own_shares();
  std::erase_if(rows.shares, [this](const live::share_row& row) { return has_failed(*shares_.at(row.id)); });
  return discovery_->swarm_with(std::move(rows));
}

std::vector<hashed_share> peer_node::hashing(const std::string& what) const {
  return discovery_->hashing(what, own_shares());
}

result<share_id> peer_node::find_here(const std::string& what) const {
  return the_one(recorded(), what, "this peer neither shares nor downloads '" + what + "': see 'status'");
}

result<share_id> peer_node::find_unfinished(const std::string& what) const {
  live::snapshot rows = own_shares();
  std::erase_if(rows.shares, [](const live::share_row& row) { return row.seeders != 0; });
  return the_one(std::move(rows), what, "nothing called '" + what + "' is being downloaded: see 'status'");
}

}  // namespace shoal
