#include "store/version_swap.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/partial_folder.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

std::string shown_place(const partial_place& place, const metainfo& info) {
  return printable(place.directory_path + "/" + info.name());
}

error changed_meanwhile(const std::string& shown) {
  return {errc::conflict, shown + " was changed while the new version was being downloaded: update it again"};
}

/// `path` and every directory above it.
void insert_with_parents(std::unordered_set<std::string>& set, std::string_view path) {
  for (; !path.empty() && set.emplace(path).second;) path = parent_path(path);
}

/// Empties the older version into the newer one. Deletes only what is known to be replaced, and moves the rest.
class clearing {
 public:
  clearing(const partial_place& place, const metainfo& info, const std::vector<std::string>& replaced,
           const std::vector<std::string>& dropped)
      : place_(place), name_(info.name()), shown_(shown_place(place, info)), shown_older_(shown_partial(place)) {
    replaced_.insert(replaced.begin(), replaced.end());
    for (const std::string& path : dropped) insert_with_parents(dropped_, path);
  }

  result<void> run() {
    older_ = open_beneath(place_.unfinished.get(), place_.record.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!older_ && errno == ENOTDIR) return remove_file();
    if (!older_) return beneath_error("cannot read " + shown_older_, errno);
    newer_ = open_beneath(place_.directory.get(), name_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!newer_ && errno != ENOTDIR) return beneath_error("cannot read " + shown_, errno);
    folders_.push_back({"", static_cast<bool>(newer_)});
    for (std::size_t i = 0; i < folders_.size(); ++i) {
      const folder one = folders_[i];
      if (result<void> emptied = empty(one); !emptied) return emptied;
    }
    finish_directories();
    // What was moved must not be lost with what it was moved from.
    if (moved_ && syncfs(newer_.get()) != 0) return system_error("cannot sync " + shown_, errno);
    return remove_folders();
  }

 private:
  struct folder {
    std::string path;  ///< "" is the root
    bool is_there;     ///< the newer version has it, too
  };

  result<void> remove_file() {
    if (!replaced_.contains(name_)) return left_behind("");
    if (unlinkat(place_.unfinished.get(), place_.record.name.c_str(), 0) == 0) return {};
    return system_error("cannot remove " + shown_older_, errno);
  }

  error left_behind(const std::string& path) const {
    return {errc::conflict, shown_older_ + (path.empty() ? "" : "/" + printable(path)) +
                                " is not of the older version, and " + shown_ +
                                " has no place for it: move it to where it belongs"};
  }

  std::string path_of(const std::string& path) const { return path.empty() ? "." : path; }

  result<void> empty(const folder& one) {
    const unique_descriptor from = open_beneath(older_.get(), path_of(one.path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!from) return beneath_error("cannot read " + shown_older_ + "/" + printable(one.path), errno);
    unique_descriptor to;
    if (one.is_there) to = open_beneath(newer_.get(), path_of(one.path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (one.is_there && !to) return beneath_error("cannot read " + shown_ + "/" + printable(one.path), errno);
    struct stat status{};
    if (fstat(from.get(), &status) == 0) {
      if (one.is_there) modes_.emplace_back(one.path, status.st_mode & 07777);
      // Nothing can be taken out of a directory that is read-only.
      if ((status.st_mode & S_IRWXU) != S_IRWXU) fchmod(from.get(), (status.st_mode | S_IRWXU) & 07777);
    }
    const auto names = names_in(from.get(), shown_older_ + "/" + printable(one.path));
    if (!names) return names.error();
    for (const std::string& name : *names) {
      const std::string path = one.path.empty() ? name : one.path + "/" + name;
      if (result<void> done = take_out(from.get(), to.get(), name, path); !done) return done;
    }
    return {};
  }

  /// `to` is negative if the newer version has no such directory.
  result<void> take_out(int from, int to, const std::string& name, const std::string& path) {
    struct stat older{};
    struct stat newer{};
    if (fstatat(from, name.c_str(), &older, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error("cannot read " + shown_older_ + "/" + printable(path), errno);
    }
    const bool is_there = to >= 0 && fstatat(to, name.c_str(), &newer, AT_SYMLINK_NOFOLLOW) == 0;
    if (!S_ISDIR(older.st_mode)) {
      if (dropped_.contains(path) || replaced_.contains(path)) return remove(from, name, path);
      return is_there || to < 0 ? left_behind(path) : move(from, to, name, path);
    }
    if (to < 0 || is_there) {
      folders_.push_back({path, is_there && S_ISDIR(newer.st_mode)});
      return {};
    }
    if (!dropped_.contains(path)) return move(from, to, name, path);
    // Something in it is dropped, and something may stay.
    if (mkdirat(to, name.c_str(), 0777) != 0) {
      return system_error("cannot create " + shown_ + "/" + printable(path), errno);
    }
    made_.push_back(path);
    folders_.push_back({path, true});
    return {};
  }

  result<void> remove(int from, const std::string& name, const std::string& path) const {
    if (unlinkat(from, name.c_str(), 0) == 0) return {};
    return system_error("cannot remove " + shown_older_ + "/" + printable(path), errno);
  }

  result<void> move(int from, int to, const std::string& name, const std::string& path) {
    if (renameat2(from, name.c_str(), to, name.c_str(), RENAME_NOREPLACE) != 0) {
      return system_error("cannot move " + shown_older_ + "/" + printable(path) + " to " + shown_, errno);
    }
    moved_ = true;
    return {};
  }

  /// At the end, because nothing can be moved into a directory that is read-only.
  void finish_directories() {
    for (auto one = modes_.rbegin(); one != modes_.rend(); ++one) {
      const auto directory = open_beneath(newer_.get(), path_of(one->first), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (directory) fchmod(directory.get(), one->second);
    }
    // Those that got nothing go again.
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
      unlinkat(newer_.get(), path->c_str(), AT_REMOVEDIR);
    }
  }

  /// All are empty now. One that is not got something a moment ago, and stays.
  result<void> remove_folders() {
    directory_stack parents(older_.get(), shown_older_);
    for (auto one = folders_.rbegin(); one != folders_.rend(); ++one) {
      const bool is_root = one->path.empty();
      const result<int> parent = is_root ? result<int>(place_.unfinished.get()) : parents.parent_of(one->path);
      if (!parent) return parent.error();
      const std::string name = is_root ? place_.record.name : std::string(last_element(one->path));
      if (unlinkat(*parent, name.c_str(), AT_REMOVEDIR) != 0) {
        return system_error("cannot remove " + shown_older_ + "/" + printable(one->path), errno);
      }
    }
    return {};
  }

  const partial_place& place_;
  const std::string name_;
  const std::string shown_;
  const std::string shown_older_;
  std::unordered_set<std::string> replaced_;
  std::unordered_set<std::string> dropped_;  ///< with the directories above
  unique_descriptor older_;
  unique_descriptor newer_;
  std::vector<folder> folders_;  ///< parents first
  std::vector<std::string> made_;
  std::vector<std::pair<std::string, mode_t>> modes_;
  bool moved_ = false;
};

/// Identities of the files of the share, which is in the open `folder`.
std::unordered_set<std::uint64_t> inodes_of(int folder, const metainfo& info) {
  std::unordered_set<std::uint64_t> inodes;
  directory_stack directories(folder, info.name());
  for (const file_entry& file : info.files()) {
    const result<int> parent = directories.parent_of(file.path);
    struct stat status{};
    if (!parent || fstatat(*parent, std::string(last_element(file.path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    inodes.insert(status.st_ino);
  }
  return inodes;
}

/// What of the recorded version, whose content is in the open `older`, may go after a crash: the share does not have
/// it, and it looks as it was recorded, or is a file of the share under its older name.
std::vector<std::string> dropped_of(int older, int newer, const metainfo& info, const recorded_version& before) {
  std::unordered_set<std::string> stays;
  for (const file_entry& file : info.files()) insert_with_parents(stays, file.path);
  const auto inodes = inodes_of(newer, info);
  std::vector<std::string> dropped;
  directory_stack directories(older, before.info->name());
  const auto& files = before.info->files();
  for (std::size_t i = 0; i < files.size() && i < before.signatures.size(); ++i) {
    const result<int> parent = directories.parent_of(files[i].path);
    struct stat status{};
    if (stays.contains(files[i].path) || !parent || files[i].type == file_entry::kind::symlink) continue;
    if (fstatat(*parent, std::string(last_element(files[i].path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const bool is_regular = files[i].type == file_entry::kind::regular && S_ISREG(status.st_mode);
    const bool is_directory = files[i].type == file_entry::kind::empty_directory && S_ISDIR(status.st_mode);
    const bool same = looks_unchanged(before.signatures[i], signature_of(status)) || inodes.contains(status.st_ino);
    if ((is_regular && same) || is_directory) dropped.push_back(files[i].path);
  }
  return dropped;
}

}  // namespace

std::vector<std::string> odd_things_in_the_way(const std::string& root, const metainfo& info, bool symlinks) {
  std::vector<std::string> found;
  const unique_descriptor folder(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || !info.is_folder()) return found;
  directory_stack directories(folder.get(), printable(root));
  std::unordered_set<std::string_view> looked_at;
  for (const file_entry& file : info.files()) {
    if (file.type == file_entry::kind::symlink && !symlinks) continue;
    for (std::string_view path = file.path; !path.empty() && looked_at.insert(path).second; path = parent_path(path)) {
      const result<int> parent = directories.parent_of(path);
      struct stat status{};
      // What lies behind a link is not reached; the link is found.
      if (!parent || fstatat(*parent, std::string(last_element(path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) found.emplace_back(path);
    }
  }
  return found;
}

result<void> check_replaceable(const partial_place& place, const metainfo& info, const older_content& older) {
  const std::string shown = shown_place(place, info);
  const auto now = scan(older.seen.path, scan_options{true});
  // A call that failed says nothing of the content.
  if (!now && now.error().code == errc::disk) return now.error();
  if (!now || now->folder != older.seen.folder) return changed_meanwhile(shown);
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<file_signature> signatures = older.seen.signatures;
  for (const linked_file& one : place.linked) signatures[one.older.value()] = one.seen;
  for (std::size_t i = 0; i < older.seen.files.size(); ++i) known.emplace(older.seen.files[i].path, i);
  for (const std::string& path : odd_things_in_the_way(older.seen.path, info, older.symlinks)) {
    if (!known.contains(path)) return changed_meanwhile(shown + "/" + printable(path));
  }
  const version_places places(info, older.symlinks);
  for (std::size_t i = 0; i < now->files.size(); ++i) {
    const file_entry& entry = now->files[i];
    const auto at = known.find(entry.path);
    bool lost = at == known.end() && places.excludes(entry);
    if (at != known.end() && older.change.gives_way[at->second]) {
      const file_entry& before = older.seen.files[at->second];
      const bool regular = entry.type == file_entry::kind::regular;
      lost = entry.type != before.type || entry.symlink_target != before.symlink_target ||
             (regular && signatures[at->second] != now->signatures[i]);
    }
    if (lost) return changed_meanwhile(shown + (now->folder ? "/" + printable(entry.path) : ""));
  }
  return {};
}

result<void> swap_in(partial_place& place, const metainfo& info, const remember_partial& remember) {
  const std::string shown = shown_place(place, info);
  const unique_descriptor older = open_beneath(place.directory.get(), info.name(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!older) return beneath_error("cannot replace " + shown, errno);
  place.record.replaces = identity_of(older.get());
  if (result<void> remembered = remember(place.record); !remembered) return remembered;
  if (renameat2(place.unfinished.get(), place.record.name.c_str(), place.directory.get(), info.name().c_str(),
                RENAME_EXCHANGE) == 0) {
    place.swapped = true;
    // In this order: what was swapped in is on the disk before anything of the older version goes.
    if (fsync(place.directory.get()) == 0 && fsync(place.unfinished.get()) == 0) return {};
    return system_error("cannot sync the directory of " + shown, errno);
  }
  if (errno == EINVAL || errno == ENOSYS) {
    return error{errc::disk, shown + " cannot be replaced in one step: its file system does not swap names",
                 remedy::clear_place};
  }
  return system_error("cannot replace " + shown, errno);
}

result<void> clear_swapped(const partial_place& place, const metainfo& info, const older_content& older) {
  std::vector<std::string> replaced;
  for (std::size_t i = 0; i < older.seen.files.size(); ++i) {
    if (!older.change.gives_way[i]) continue;
    replaced.push_back(older.seen.folder ? older.seen.files[i].path : info.name());
  }
  result<void> cleared = clearing(place, info, replaced, older.change.dropped).run();
  if (cleared) remove_unfinished_folder(place);
  return cleared;
}

result<bool> end_swap(const std::string& directory, const metainfo& info, const partial_record& record,
                      const recorded_version* before, bool delete_dropped) {
  if (record.replaces == 0 || record.name.empty()) return false;
  result<partial_place> place = place_in(directory);
  if (!place) return place.error();
  place->record = record;
  const unique_descriptor newer = open_beneath(place->directory.get(), info.name(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  const bool swapped = newer && identity_of(newer.get()) == record.inode;
  if (!newer && errno != ENOENT && errno != ELOOP)
    return beneath_error("cannot read " + shown_place(*place, info), errno);
  place->unfinished = open_beneath(place->directory.get(), std::string(unfinished_folder), O_RDONLY | O_DIRECTORY);
  if (!place->unfinished && errno == ENOENT) return swapped;
  if (!place->unfinished) return beneath_error("cannot go on with " + shown_partial(*place), errno);
  const unique_descriptor older =
      open_beneath(place->unfinished.get(), record.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!older && errno == ENOENT) return swapped;
  if (!older) return beneath_error("cannot go on with " + shown_partial(*place), errno);
  if (identity_of(older.get()) != record.replaces) return swapped;
  if (!swapped) {
    return error{errc::conflict, shown_place(*place, info) + " is not what was downloaded there; " +
                                     shown_partial(*place) + " holds the older version: move it to where it belongs"};
  }
  // What was swapped out was looked at right before. So what the share has now was the older version's.
  std::vector<std::string> replaced;
  std::vector<std::string> dropped;
  for (const file_entry& file : info.files()) replaced.push_back(file.path);
  if (before != nullptr) {
    const version_places places(info, true);
    for (const file_entry& file : before->info->files()) {
      if (info.is_folder() != before->info->is_folder() || places.excludes(file)) replaced.push_back(file.path);
    }
    if (delete_dropped) dropped = dropped_of(older.get(), newer.get(), info, *before);
  }
  result<void> cleared = clearing(*place, info, replaced, dropped).run();
  if (!cleared) return cleared.error();
  remove_unfinished_folder(*place);
  return true;
}

}  // namespace shoal
