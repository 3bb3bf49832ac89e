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

#include "store/holes.hpp"
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

/// What a symlink at `path` must say to mean `target`, both from the root of the share.
std::string link_text(std::string_view path, std::string_view target) {
  return std::filesystem::path(target).lexically_relative(std::filesystem::path(parent_path(path))).string();
}

}  // namespace

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

result<void> check_only_holds(int part, const std::string& shown, const metainfo& info, bool alone) {
  std::unordered_set<std::string_view> known;
  for (const file_entry& file : info.files()) {
    for (std::string_view path = file.path; !path.empty() && known.insert(path).second;) path = parent_path(path);
  }
  // A list instead of recursion: only one directory is open at a time, however deep they lie.
  std::vector<std::string> directories{""};
  while (!directories.empty()) {
    const std::string prefix = std::move(directories.back());
    directories.pop_back();
    unique_descriptor opened;
    if (!prefix.empty()) {
      opened = open_beneath(part, prefix.substr(0, prefix.size() - 1), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (!opened) return beneath_error("cannot open " + shown + "/" + printable(prefix), errno);
    }
    const int here = opened ? opened.get() : part;
    const result<std::vector<std::string>> names = names_in(here, shown + "/" + printable(prefix));
    if (!names) return names.error();
    for (const std::string& name : *names) {
      const std::string path = prefix + name;
      if (!known.contains(path)) {
        return error{errc::conflict, shown + " holds " + printable(path) + ", which is not of this share",
                     remedy::clear_place};
      }
      // Entries that are no directories are checked when they are opened.
      struct stat status{};
      const bool seen = fstatat(here, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
      if (seen && S_ISDIR(status.st_mode)) {
        directories.push_back(path + "/");
      } else if (alone && (!seen || status.st_nlink != 1)) {
        return error{errc::conflict, shown + " holds " + printable(path) + ", which has another name elsewhere"};
      }
    }
  }
  return {};
}

result<void> remove_tree(int directory, const std::string& name, const std::string& shown) {
  directory_stack parents(directory, parent_path(shown).empty() ? "." : std::string(parent_path(shown)));
  // Each directory is listed before its content, and removed after it.
  std::vector<std::string> folders;
  std::vector<std::string> waiting{name};
  while (!waiting.empty()) {
    const std::string path = std::move(waiting.back());
    waiting.pop_back();
    const std::string what = "cannot remove " + shown + printable(path.substr(name.size()));
    const result<int> parent = parents.parent_of(path);
    if (!parent) return parent.error();
    const std::string element(last_element(path));
    if (unlinkat(*parent, element.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return system_error(what, errno);
    const unique_descriptor here = open_beneath(*parent, element, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!here) return system_error(what, errno);
    const result<std::vector<std::string>> names = names_in(here.get(), shown);
    if (!names) return names.error();
    for (const std::string& below : *names) waiting.push_back(path + "/" + below);
    folders.push_back(path);
  }
  for (auto path = folders.rbegin(); path != folders.rend(); ++path) {
    const result<int> parent = parents.parent_of(*path);
    if (!parent) return parent.error();
    if (unlinkat(*parent, std::string(last_element(*path)).c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return system_error("cannot remove " + shown + printable(path->substr(name.size())), errno);
    }
  }
  return {};
}

result<void> make_symlinks(const partial_place& place, const metainfo& info) {
  if (!info.is_folder()) return {};
  const std::string shown = shown_partial(place);
  directory_stack directories(place.part.get(), shown);
  std::vector<std::string> made;
  for (const file_entry& file : info.files()) {
    if (file.type != file_entry::kind::symlink) continue;
    // Targets come from strangers. A target that is no plain path below the root is left out.
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
           (!without_holes ||
            has_all_blocks(status, data_bytes(info, place.zeros, file_index{static_cast<std::uint32_t>(file)})));
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
