#include "store/partial_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/partial_files.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

error tampered_error(const std::string& shown) {
  return {errc::verification, shown + " was replaced or cut by another program during the download: download it again"};
}

struct directory_closer {
  void operator()(DIR* directory) const { closedir(directory); }
};

/// The names in an open directory, which stays open.
result<std::vector<std::string>> names_in(int directory, const std::string& shown) {
  unique_descriptor own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, directory_closer> handle(own ? fdopendir(own.get()) : nullptr);
  if (!handle) return system_error("cannot read " + shown, errno);
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(handle.get());
    if (entry == nullptr && errno != 0) return system_error("cannot read " + shown, errno);
    if (entry == nullptr) return names;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

class content_check {
 public:
  content_check(const std::string& shown, const metainfo& info) : shown_(shown) {
    for (const file_entry& file : info.files()) {
      for (std::string_view path = file.path; !path.empty() && known_.insert(path).second;) path = parent_path(path);
    }
  }

  result<void> check(int directory, const std::string& prefix) {
    const result<std::vector<std::string>> names = names_in(directory, shown_ + "/" + printable(prefix));
    if (!names) return names.error();
    for (const std::string& name : *names) {
      const std::string path = prefix + name;
      if (!known_.contains(path)) {
        return error{errc::conflict, shown_ + " holds " + printable(path) + ", which is not of this share: remove " +
                                         shown_ + " or choose another directory with --dir"};
      }
      const unique_descriptor below = open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (!below) continue;  // a file; its kind is checked when it is opened
      if (result<void> checked = check(below.get(), path + "/"); !checked) return checked;
    }
    return {};
  }

 private:
  const std::string& shown_;
  std::unordered_set<std::string_view> known_;
};

result<void> remove_below(int directory, const std::string& name, const std::string& shown, std::uint32_t depth) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return system_error("cannot remove " + shown, errno);
  if (depth == 0) return error{errc::limit, shown + " is too deep inside: remove it by hand"};
  const unique_descriptor here = open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!here) return system_error("cannot remove " + shown, errno);
  const result<std::vector<std::string>> names = names_in(here.get(), shown);
  if (!names) return names.error();
  for (const std::string& below : *names) {
    result<void> removed = remove_below(here.get(), below, shown + "/" + printable(below), depth - 1);
    if (!removed) return removed;
  }
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0) return system_error("cannot remove " + shown, errno);
  return {};
}

/// What a symlink at `path` must say to mean `target`, both from the root of the share.
std::string link_text(std::string_view path, std::string_view target) {
  return std::filesystem::path(target).lexically_relative(std::filesystem::path(parent_path(path))).string();
}

}  // namespace

result<void> check_only_holds(int part, const std::string& shown, const metainfo& info) {
  return content_check(shown, info).check(part, {});
}

result<void> remove_tree(int directory, const std::string& name, const std::string& shown) {
  return remove_below(directory, name, shown, path_depth_max + 1);
}

result<void> make_symlinks(const partial_place& place, const metainfo& info) {
  if (!info.is_folder()) return {};
  const std::string shown = shown_partial(place);
  directory_stack directories(place.part.get(), shown);
  std::vector<std::string> made;
  for (const file_entry& file : info.files()) {
    if (file.type != file_entry::kind::symlink) continue;
    // Targets come from strangers; one that is no plain path below the root is left out.
    if (!check_relative_path(file.symlink_target)) continue;
    const result<int> parent = directories.make_parent_of(file.path, made);
    if (!parent) return parent.error();
    const std::string name(last_element(file.path));
    const std::string text = link_text(file.path, file.symlink_target);
    if (symlinkat(text.c_str(), *parent, name.c_str()) == 0) continue;
    const bool replaced = errno == EEXIST && unlinkat(*parent, name.c_str(), 0) == 0 &&
                          symlinkat(text.c_str(), *parent, name.c_str()) == 0;
    if (!replaced) return system_error("cannot create symbolic link " + shown + "/" + file.path, errno);
  }
  return {};
}

result<void> sync_names(const partial_place& place, const metainfo& info) {
  if (!info.is_folder()) return {};
  const std::string shown = shown_partial(place);
  if (info.files().size() > single_syncs_max) {
    if (syncfs(place.part.get()) != 0) return system_error("cannot sync " + shown, errno);
    return {};
  }
  std::unordered_set<std::string_view> directories;
  for (const file_entry& file : info.files()) {
    std::string_view path = file.type == file_entry::kind::empty_directory ? file.path : parent_path(file.path);
    for (; !path.empty() && directories.insert(path).second;) path = parent_path(path);
  }
  for (const std::string_view path : directories) {
    const unique_descriptor directory = open_beneath(place.part.get(), path, O_RDONLY | O_DIRECTORY);
    if (!directory) return beneath_error("cannot open " + shown + "/" + std::string(path), errno);
    if (fsync(directory.get()) != 0) return system_error("cannot sync " + shown + "/" + std::string(path), errno);
  }
  if (fsync(place.part.get()) != 0) return system_error("cannot sync " + shown, errno);
  return {};
}

bool has_all_blocks(const struct stat& status, std::uint64_t size) {
  return static_cast<std::uint64_t>(status.st_blocks) * 512 >= size;
}

result<std::vector<file_signature>> partial_signatures(const partial_place& place, const metainfo& info) {
  std::vector<file_signature> signatures(info.files().size());
  struct stat status{};
  const std::string shown = shown_partial(place);
  if (fstat(place.part.get(), &status) != 0) return system_error("cannot read " + shown, errno);
  if (!is_still_there(place)) return tampered_error(shown);
  const auto intact = [&](std::size_t file) {
    const std::uint64_t size = info.files()[file].size;
    const bool without_holes = file < place.without_holes.size() && place.without_holes[file];
    return S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size &&
           (!without_holes || has_all_blocks(status, size));
  };
  if (!info.is_folder()) {
    if (!intact(0)) return tampered_error(shown);
    signatures.front() = signature_of(status);
    return signatures;
  }
  directory_stack directories(place.part.get(), shown);
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    const file_entry& file = info.files()[i];
    if (file.type != file_entry::kind::regular) continue;
    const result<int> parent = directories.parent_of(file.path);
    if (!parent) return parent.error();
    if (fstatat(*parent, std::string(last_element(file.path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error("cannot read " + shown + "/" + file.path, errno);
    }
    if (!intact(i)) return tampered_error(shown + "/" + file.path);
    signatures[i] = signature_of(status);
  }
  return signatures;
}

}  // namespace shoal
