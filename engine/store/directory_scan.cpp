#include "store/directory_scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/utf8.hpp"
#include "store/beneath.hpp"
#include "store/partial_place.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// Lines of scan_result::notes; a folder of a million sockets should not fill a screen and the memory.
constexpr std::size_t notes_max = 1000;

/// So many of the files that must be mended are named. The others are counted.
constexpr std::size_t faults_named_max = 20;

struct directory_closer {
  void operator()(DIR* directory) const { closedir(directory); }
};
using directory_handle = std::unique_ptr<DIR, directory_closer>;

/// The path from the root of a link's `target`, which counts from the directory `parent`. Nothing if it does not stay
/// inside.
std::optional<std::string> resolve_inside(std::string_view parent, const std::string& target) {
  const std::filesystem::path link(target);
  if (link.empty() || link.is_absolute()) return std::nullopt;
  std::string resolved = (std::filesystem::path(parent) / link).lexically_normal().string();
  if (resolved.ends_with('/')) resolved.pop_back();
  if (resolved.empty() || resolved == "." || !check_relative_path(resolved)) return std::nullopt;
  return resolved;
}

/// Like system_error(). errc::limit means too much to be shared; a lack of descriptors or memory may pass.
error call_error(std::string text, int error_number) {
  error why = system_error(std::move(text), error_number);
  if (why.code == errc::limit) why.code = errc::disk;
  return why;
}

class scanner {
 public:
  scanner(scan_result& found, const scan_options& options) : found_(found), options_(options) {
    if (options.state_directory.empty()) return;
    struct stat status{};
    if (stat(options.state_directory.c_str(), &status) == 0) state_ = status;
  }

  /// It is our own state directory.
  bool is_state(const struct stat& status) const {
    return state_ && status.st_dev == state_->st_dev && status.st_ino == state_->st_ino;
  }

  /// Scans all below the open root. Fails only where going on makes no sense; see outcome().
  result<void> scan_root(unique_descriptor root) {
    root_ = root.get();
    return scan_directory(std::move(root), {}, 1);
  }

  void saw_change(const struct stat& status) {
    found_.changed_ns = std::max(found_.changed_ns, nanoseconds_of(status.st_ctim));
  }

  result<void> add_regular(int directory, const std::string& name, const std::string& path, const struct stat& status) {
    if (faccessat(directory, name.c_str(), R_OK, AT_EACCESS) != 0) return fault(failed("cannot read", path, errno));
    file_entry entry;
    entry.path = path;
    entry.size = static_cast<std::uint64_t>(status.st_size);
    entry.executable = (status.st_mode & S_IXUSR) != 0;
    const file_signature signature = signature_of(status);
    found_.attributes.push_back({signature.mtime_ns, static_cast<std::uint16_t>(status.st_mode & mode_bits)});
    return add(std::move(entry), signature);
  }

  /// One error that names everything that must be mended; nothing if nothing must.
  result<void> outcome() const {
    if (faults_ == 0) return {};
    if (faults_ == 1) return named_faults_.front();
    error all{named_faults_.front().code, "cannot share " + printable(found_.path) + ": " + std::to_string(faults_) +
                                              " names in it must be mended first, then add it again"};
    for (const error& one : named_faults_) all.text += "\n  " + one.text;
    if (faults_ > named_faults_.size()) {
      all.text += "\n  and " + std::to_string(faults_ - named_faults_.size()) + " more";
    }
    return all;
  }

 private:
  /// A directory whose entries are looked at, one after the other.
  struct level {
    directory_handle handle;  ///< null while something deep below it is looked at
    const std::string& prefix;
    std::uint32_t depth;
  };

  /// All below the open `directory`, whose path from the root is `prefix` ("" or ending in '/').
  result<void> scan_directory(unique_descriptor directory, const std::string& prefix, std::uint32_t depth) {
    level here{directory_handle(fdopendir(directory.get())), prefix, depth};
    if (!here.handle) return fault(failed("cannot read", prefix, errno));
    directory.release();
    result<std::vector<std::string>> names = sorted_names(*here.handle, prefix);
    if (!names) return names.error().code == errc::limit ? names.error() : fault(names.error());
    const std::size_t before = found_.files.size();
    for (const std::string& name : *names) {
      if (!here.handle && !reopen(here)) return fault(failed("cannot read", prefix, errno));
      if (result<void> done = scan_entry(here, name, prefix + name); !done) return done;
    }
    if (found_.files.size() == before && !prefix.empty()) {
      file_entry entry;
      entry.path = prefix.substr(0, prefix.size() - 1);
      entry.type = file_entry::kind::empty_directory;
      return add(std::move(entry), {});
    }
    return {};
  }

  result<void> scan_below(level& above, const std::string& name, const std::string& path) {
    unique_descriptor below = open_beneath(dirfd(above.handle.get()), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!below) return fault(failed("cannot read", path, errno));
    if (above.depth > open_levels_max) above.handle.reset();
    return scan_directory(std::move(below), path + "/", above.depth + 1);
  }

  bool reopen(level& here) const {
    unique_descriptor again = open_beneath(root_, std::string_view(here.prefix).substr(0, here.prefix.size() - 1),
                                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (again) here.handle.reset(fdopendir(again.get()));
    if (here.handle) again.release();
    return here.handle != nullptr;
  }

  /// Keeps what must be mended, and goes on to find more.
  result<void> fault(error why) {
    ++faults_;
    if (named_faults_.size() < faults_named_max) named_faults_.push_back(std::move(why));
    return {};
  }

  result<std::vector<std::string>> sorted_names(DIR& directory, const std::string& prefix) {
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(&directory);
      if (entry == nullptr && errno != 0) return failed("cannot read", prefix, errno);
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (names.size() == files_max) return too_many();
      names.emplace_back(name);
    }
    // The order of the keys of a bencoded dictionary: raw bytes, which is how std::string compares.
    std::sort(names.begin(), names.end());
    return names;
  }

  result<void> scan_entry(level& here, const std::string& name, const std::string& path) {
    const int directory = dirfd(here.handle.get());
    if (!is_utf8(name)) {
      return fault({errc::malformed, "the name of " + shown(path) + " is not UTF-8: rename it, then add again"});
    }
    if (const result<void> fine = check_relative_path(path); !fine) return fault(bad_path(path, fine.error()));
    struct stat status{};
    if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return fault(failed("cannot read", path, errno));
    }
    saw_change(status);
    if (S_ISREG(status.st_mode)) return add_regular(directory, name, path, status);
    if (S_ISLNK(status.st_mode)) return add_symlink(directory, name, path);
    if (S_ISDIR(status.st_mode) && name == unfinished_folder) {
      note(path, "holds unfinished downloads");
      return {};
    }
    if (S_ISDIR(status.st_mode) && is_state(status)) {
      note(path, "is the state directory of this peer");
      return {};
    }
    if (S_ISDIR(status.st_mode)) return scan_below(here, name, path);
    note(path, "is a socket, pipe or device");
    return {};
  }

  result<void> add_symlink(int directory, const std::string& name, const std::string& path) {
    if (!options_.symlinks) {
      note(path, "is a symbolic link (the option symlinks keeps those that stay inside the folder)");
      return {};
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t bytes = readlinkat(directory, name.c_str(), target.data(), target.size());
    if (bytes < 0) return fault(failed("cannot read", path, errno));
    const std::optional<std::string> inside =
        resolve_inside(parent_path(path), {target.data(), static_cast<std::size_t>(bytes)});
    if (!inside) {
      note(path, "is a symbolic link that leads out of the folder");
      return {};
    }
    file_entry entry;
    entry.path = path;
    entry.type = file_entry::kind::symlink;
    entry.symlink_target = *inside;
    return add(std::move(entry), {});
  }

  result<void> add(file_entry entry, file_signature signature) {
    if (found_.files.size() == files_max) return too_many();
    found_.files.push_back(std::move(entry));
    found_.signatures.push_back(signature);
    return {};
  }

  void note(const std::string& path, std::string_view why) {
    if (found_.notes.size() > notes_max) return;
    found_.notes.push_back(found_.notes.size() == notes_max ? std::string("more was skipped, not listed here")
                                                            : shown(path) + " " + std::string(why) + ": skipped");
  }

  std::string shown(const std::string& path) const {
    // If a path fills the screen, its ends show which one it is.
    constexpr std::size_t whole_bytes_max = 1000;
    constexpr std::size_t end_bytes = 400;
    const std::string whole = found_.path + "/" + path;
    if (whole.size() <= whole_bytes_max) return printable(whole);
    return printable(whole.substr(0, end_bytes)) + " … " + printable(whole.substr(whole.size() - end_bytes));
  }

  error bad_path(const std::string& path, const error& why) const {
    const char* mend =
        why.code == errc::limit ? ": pack the folders above it, or add some of them one by one" : ": rename it";
    return {why.code, shown(path) + " cannot be shared: " + why.text + mend};
  }

  error failed(const std::string& what, const std::string& path, int error_number) const {
    if (error_number == EACCES || error_number == EPERM) {
      return {errc::permission, what + " " + shown(path) + ": permission denied; change its mode or move it away"};
    }
    return call_error(what + " " + shown(path), error_number);
  }

  error too_many() const {
    return {errc::limit, printable(found_.path) + " holds more than " + std::to_string(files_max) +
                             " files: pack them or add its folders one by one"};
  }

  scan_result& found_;
  const scan_options& options_;
  std::optional<struct stat> state_;
  int root_ = -1;
  std::vector<error> named_faults_;  ///< at most faults_named_max
  std::size_t faults_ = 0;
};

/// What people call the thing at `path`: the last name that they wrote, even if it is that of a symlink. "." and ".."
/// have the name of what they mean.
std::string name_of_path(std::string_view path, const std::string& resolved) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::string_view written = last_element(path);
  const bool says_nothing = written.empty() || written == "." || written == "..";
  return std::string(says_nothing ? last_element(resolved) : written);
}

}  // namespace

result<scan_result> scan(const std::string& path, const scan_options& options) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  if (!resolved) return call_error("cannot share '" + printable(path) + "'", errno);
  scan_result found;
  found.path = resolved.get();
  found.name = name_of_path(path, found.path);
  if (found.name.empty()) return error{errc::malformed, "cannot share the root directory: name a folder in it"};
  if (!is_utf8(found.name)) {
    return error{errc::malformed, "the name of " + printable(path) + " is not UTF-8: rename it"};
  }
  if (const result<void> fine = check_relative_path(found.name); !fine) {
    return error{fine.error().code, printable(path) + " cannot be shared: " + fine.error().text + ": rename it"};
  }
  struct stat status{};
  if (lstat(found.path.c_str(), &status) != 0) return call_error("cannot share '" + printable(path) + "'", errno);
  scanner work(found, options);
  for (std::string_view at = found.path; !at.empty(); at = parent_path(at)) {
    if (last_element(at) == unfinished_folder) {
      return error{errc::malformed, printable(found.path) + " is unfinished: it can be shared when it is downloaded"};
    }
  }
  if (work.is_state(status)) {
    return error{errc::malformed, printable(found.path) + " is the state directory of this peer: it cannot be shared"};
  }
  work.saw_change(status);
  if (S_ISREG(status.st_mode)) {
    if (access(found.path.c_str(), R_OK) != 0) return call_error("cannot read " + printable(found.path), errno);
    if (result<void> added = work.add_regular(AT_FDCWD, found.path, found.name, status); !added) return added.error();
    return found;
  }
  if (!S_ISDIR(status.st_mode)) {
    return error{errc::malformed, printable(found.path) + " is neither a file nor a folder: it cannot be shared"};
  }
  found.folder = true;
  unique_descriptor root(open(found.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return call_error("cannot read " + printable(found.path), errno);
  if (result<void> scanned = work.scan_root(std::move(root)); !scanned) return std::move(scanned).error();
  if (result<void> fine = work.outcome(); !fine) return std::move(fine).error();
  return found;
}

}  // namespace shoal
