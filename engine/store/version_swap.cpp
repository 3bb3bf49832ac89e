#include "store/version_swap.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

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
void insert_with_parents(std::unordered_set<std::string_view>& set, std::string_view path) {
  for (; !path.empty() && set.insert(path).second;) path = parent_path(path);
}

/// Empties the older version into the newer one.
class clearing {
 public:
  clearing(const partial_place& place, const metainfo& info, const std::vector<std::string>& dropped)
      : place_(place), info_(info), shown_(shown_place(place, info)), shown_older_(shown_partial(place)) {
    for (const std::string& path : dropped) insert_with_parents(goes_, path);
  }

  result<void> run() {
    older_ = open_beneath(place_.unfinished.get(), place_.record.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    newer_ = open_beneath(place_.directory.get(), info_.name(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (older_ && newer_) {
      waiting_.emplace_back();
      while (!waiting_.empty()) {
        const std::string folder = std::move(waiting_.back());
        waiting_.pop_back();
        if (result<void> moved = move_what_stays(folder); !moved) return moved;
      }
      finish_directories();
      // What was moved must not be lost with what it was moved from.
      if (moved_ && syncfs(newer_.get()) != 0) return system_error("cannot sync " + shown_, errno);
    }
    return remove_tree(place_.unfinished.get(), place_.record.name, shown_older_);
  }

 private:
  /// Of one directory; "" is the root.
  result<void> move_what_stays(const std::string& folder) {
    const std::string_view at = folder.empty() ? std::string_view(".") : std::string_view(folder);
    const unique_descriptor from = open_beneath(older_.get(), at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!from) return beneath_error("cannot read " + shown_older_ + "/" + printable(folder), errno);
    const unique_descriptor to = open_beneath(newer_.get(), at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!to) return beneath_error("cannot read " + shown_ + "/" + printable(folder), errno);
    struct stat status{};
    if (fstat(from.get(), &status) == 0) modes_.emplace_back(folder, status.st_mode & 07777);
    const auto names = names_in(from.get(), shown_older_ + "/" + printable(folder));
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (result<void> moved = move_entry(from.get(), to.get(), name, folder.empty() ? name : folder + "/" + name);
          !moved) {
        return moved;
      }
    }
    return {};
  }

  /// At the end, because nothing can be moved into a directory that is read-only.
  void finish_directories() {
    for (auto one = modes_.rbegin(); one != modes_.rend(); ++one) {
      const std::string& path = one->first;
      const auto directory = open_beneath(newer_.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (directory) fchmod(directory.get(), one->second);
    }
    // Those that got nothing go again.
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
      unlinkat(newer_.get(), path->c_str(), AT_REMOVEDIR);
    }
  }

  result<void> move_entry(int from, int to, const std::string& name, const std::string& path) {
    struct stat older{};
    struct stat newer{};
    if (fstatat(from, name.c_str(), &older, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error("cannot read " + shown_older_ + "/" + printable(path), errno);
    }
    const bool is_there = fstatat(to, name.c_str(), &newer, AT_SYMLINK_NOFOLLOW) == 0;
    if (S_ISDIR(older.st_mode)) {
      if (is_there && S_ISDIR(newer.st_mode)) waiting_.push_back(path);
      if (is_there) return {};
      if (goes_.contains(path)) {
        // Something in it is dropped, and something may stay.
        if (mkdirat(to, name.c_str(), 0777) != 0) {
          return system_error("cannot create " + shown_ + "/" + printable(path), errno);
        }
        made_.push_back(path);
        waiting_.push_back(path);
        return {};
      }
    } else if (is_there || goes_.contains(path)) {
      return {};
    }
    if (renameat2(from, name.c_str(), to, name.c_str(), RENAME_NOREPLACE) != 0) {
      return system_error("cannot move " + shown_older_ + "/" + printable(path) + " to " + shown_, errno);
    }
    moved_ = true;
    return {};
  }

  const partial_place& place_;
  const metainfo& info_;
  const std::string shown_;
  const std::string shown_older_;
  std::unordered_set<std::string_view> goes_;
  unique_descriptor older_;
  unique_descriptor newer_;
  std::vector<std::string> waiting_;
  std::vector<std::string> made_;
  std::vector<std::pair<std::string, mode_t>> modes_;
  bool moved_ = false;
};

/// Files of the older version that the share does not have, and that look as they were recorded.
std::vector<std::string> dropped_of(int older, const metainfo& info, const recorded_version& before) {
  std::unordered_set<std::string_view> stays;
  for (const file_entry& file : info.files()) insert_with_parents(stays, file.path);
  std::vector<std::string> dropped;
  directory_stack directories(older, before.info->name());
  const auto& files = before.info->files();
  for (std::size_t i = 0; i < files.size() && i < before.signatures.size(); ++i) {
    const result<int> parent = directories.parent_of(files[i].path);
    struct stat status{};
    if (stays.contains(files[i].path) || !parent) continue;
    if (fstatat(*parent, std::string(last_element(files[i].path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const file_signature seen = signature_of(status);
    // A file with another name became one of the new version, with its times.
    const bool became_new = status.st_nlink > 1 && seen.size == files[i].size;
    const bool is_regular = files[i].type == file_entry::kind::regular && S_ISREG(status.st_mode);
    const bool is_link = files[i].type == file_entry::kind::symlink && S_ISLNK(status.st_mode);
    const bool is_directory = files[i].type == file_entry::kind::empty_directory && S_ISDIR(status.st_mode);
    const bool same = is_regular && (became_new || looks_unchanged(before.signatures[i], seen));
    if (same || is_link || is_directory) dropped.push_back(files[i].path);
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
  if (!now && now.error().code == errc::limit) return now.error();
  if (!now || now->folder != older.seen.folder) return changed_meanwhile(shown);
  struct expected_file {
    file_signature signature;
    bool gives_way = false;
  };
  std::unordered_map<std::string_view, expected_file> expected;
  std::vector<file_signature> signatures = older.seen.signatures;
  for (const linked_file& one : place.linked) signatures[one.older.value()] = one.seen;
  for (std::size_t i = 0; i < older.seen.files.size(); ++i) {
    expected.emplace(older.seen.files[i].path, expected_file{signatures[i], older.change.gives_way[i]});
  }
  for (const std::string& path : odd_things_in_the_way(older.seen.path, info, older.symlinks)) {
    if (!expected.contains(path)) return changed_meanwhile(shown + "/" + printable(path));
  }
  std::unordered_set<std::string_view> wanted;
  for (const file_entry& file : info.files()) {
    if (file.type != file_entry::kind::symlink || older.symlinks) insert_with_parents(wanted, file.path);
  }
  for (std::size_t i = 0; i < now->files.size(); ++i) {
    const std::string& path = now->files[i].path;
    const auto known = expected.find(path);
    const bool regular = now->files[i].type == file_entry::kind::regular;
    const bool changed =
        known != expected.end() && known->second.gives_way && regular && known->second.signature != now->signatures[i];
    const bool empty_directory = now->files[i].type == file_entry::kind::empty_directory;
    const bool came = known == expected.end() && !empty_directory && wanted.contains(path);
    if (changed || came) return changed_meanwhile(shown + (now->folder ? "/" + printable(path) : ""));
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

result<void> clear_swapped(const partial_place& place, const metainfo& info, const std::vector<std::string>& dropped) {
  result<void> cleared = clearing(place, info, dropped).run();
  if (cleared) remove_unfinished_folder(place);
  return cleared;
}

result<bool> end_swap(const std::string& directory, const metainfo& info, const partial_record& record,
                      const recorded_version* before) {
  if (record.replaces == 0 || record.name.empty()) return false;
  result<partial_place> place = place_in(directory);
  if (!place) return place.error();
  place->record = record;
  place->unfinished = open_beneath(place->directory.get(), std::string(unfinished_folder), O_RDONLY | O_DIRECTORY);
  if (!place->unfinished && errno == ENOENT) return false;
  if (!place->unfinished) return beneath_error("cannot go on with " + shown_partial(*place), errno);
  const unique_descriptor older =
      open_beneath(place->unfinished.get(), record.name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!older && errno == ENOENT) return false;
  if (!older) return beneath_error("cannot go on with " + shown_partial(*place), errno);
  if (identity_of(older.get()) != record.replaces) return false;
  std::vector<std::string> dropped;
  if (before != nullptr) dropped = dropped_of(older.get(), info, *before);
  if (result<void> cleared = clear_swapped(*place, info, dropped); !cleared) return cleared.error();
  return true;
}

}  // namespace shoal
