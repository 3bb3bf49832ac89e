#include "store/content_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "store/beneath.hpp"

namespace shoal {

namespace {

/// Key of a folder share's root directory in the file cache; files_max is far below.
constexpr std::uint32_t root_key = 0xffff'ffff;

error opening_error(const std::string& shown, int error_number) {
  if (error_number == ENOENT) return {errc::not_found, shown + " was removed: download it again, or add it anew"};
  if (error_number == ELOOP || error_number == ENOTDIR || error_number == ENXIO) return changed_error(shown);
  return beneath_error("cannot open " + shown, error_number);
}

/// After a failed write-back the kernel may keep pages that are not on the disk, and call them clean. Whoever reads the
/// file next shall see what the disk has.
void forget_pages(int descriptor) {
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace

error changed_error(const std::string& shown) {
  return {errc::conflict, shown + " changed on disk: download it again, or add it anew"};
}

bool content_state::awaited(std::uint32_t file) const {
  const std::lock_guard lock(facts);
  return now == phase::partial && partial.awaited[file];
}

result<int> content_state::make_now(std::uint32_t file) {
  bool without_holes = false;
  result<unique_descriptor> made = make_awaited(partial, *info, file_index{file}, without_holes);
  if (!made) return std::move(made).error();
  const std::lock_guard lock(facts);
  // Once only: if a program removes the file afterwards, it is not made again without its data.
  partial.awaited[file] = false;
  partial.without_holes[file] = without_holes;
  return made->release();
}

result<int> content_state::open_now(std::uint32_t file, bool for_writing) {
  const std::string& file_path = info->files()[file].path;
  // O_NONBLOCK: something put in the file's place, such as a pipe, must not make a worker wait.
  constexpr int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  unique_descriptor opened;
  if (for_writing && awaited(file)) return make_now(file);
  if (now == phase::partial) {
    const auto open_partial = [&](int how) {
      return info->is_folder() ? open_beneath(partial.part.get(), file_path, how | flags)
                               : open_beneath(partial.unfinished.get(), partial.record.name, how | flags);
    };
    opened = open_partial(O_RDWR);
    // A file of an older version may be read-only.
    if (!opened && errno == EACCES && !for_writing) opened = open_partial(O_RDONLY);
  } else if (info->is_folder()) {
    const auto root = cache->get(owner, root_key, [this]() -> result<int> {
      const int directory = ::open(location.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (directory < 0) return opening_error(printable(location), errno);
      return directory;
    });
    if (!root) return root.error();
    opened = open_beneath((*root)->descriptor(), file_path, O_RDONLY | flags);
  } else {
    opened.reset(::open(location.c_str(), O_RDONLY | flags));
  }
  if (!opened && now == phase::partial) return beneath_error("cannot open " + shown(file), errno);
  if (!opened) return opening_error(shown(file), errno);
  struct stat status{};
  if (fstat(opened.get(), &status) != 0) return system_error("cannot read " + shown(file), errno);
  if (!S_ISREG(status.st_mode)) return changed_error(shown(file));
  if (now == phase::complete && !looks_unchanged(signatures[file], signature_of(status))) {
    return changed_error(shown(file));
  }
  return opened.release();
}

result<std::shared_ptr<const open_file>> content_state::open(std::uint32_t file, bool for_writing) {
  while (true) {
    {
      const std::shared_lock lock(place);
      if (now == phase::discarded) return error{errc::cancelled, printable(info->name()) + " was removed"};
      if (for_writing && now != phase::partial) return error{errc::internal, shown(file) + " is complete already"};
      if (!resting) return cache->get(owner, file, [this, file, for_writing] { return open_now(file, for_writing); });
    }
    const std::unique_lock lock(place);
    if (result<void> woken = wake(); !woken) return woken.error();
  }
}

result<void> content_state::wake() {
  if (!resting) return {};
  result<void> woken = reopen_place(partial);
  if (woken) {
    resting = false;
  } else {
    close_place(partial);
  }
  return woken;
}

result<void> content_state::check_unchanged(std::uint32_t file, int descriptor, std::uint64_t end) {
  const std::shared_lock lock(place);
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return system_error("cannot read " + shown(file), errno);
  const file_signature signature = signature_of(status);
  if (signature.size < end || (now == phase::complete && !looks_unchanged(signatures[file], signature))) {
    return changed_error(shown(file));
  }
  return {};
}

error content_state::failed(const char* what, std::uint32_t file, const error& reason) {
  const std::shared_lock lock(place);
  error why = within("cannot " + std::string(what) + " " + shown(file), reason);
  if (why.code == errc::no_space) why.helps = remedy::free_space;
  return why;
}

result<std::vector<doubtful_file>> content_state::check_all() const {
  std::vector<doubtful_file> doubtful;
  struct stat status{};
  if (lstat(location.c_str(), &status) != 0) return opening_error(printable(location), errno);
  const std::vector<file_entry>& files = info->files();
  if (!info->is_folder()) {
    const file_signature seen = signature_of(status);
    if (!S_ISREG(status.st_mode) || !looks_unchanged(signatures.front(), seen)) return changed_error(shown(0));
    if (is_in_doubt(signatures.front(), seen)) doubtful.push_back({file_index{0}, seen});
    return doubtful;
  }
  const unique_descriptor root(::open(location.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return opening_error(printable(location), errno);
  directory_stack directories(root.get(), printable(location));
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (files[i].type != file_entry::kind::regular) continue;
    const result<int> parent = directories.parent_of(files[i].path);
    if (!parent) return parent.error();
    const std::string name(last_element(files[i].path));
    if (fstatat(*parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return opening_error(shown(i), errno);
    const file_signature seen = signature_of(status);
    if (!S_ISREG(status.st_mode) || !looks_unchanged(signatures[i], seen)) return changed_error(shown(i));
    if (is_in_doubt(signatures[i], seen)) doubtful.push_back({file_index{i}, seen});
  }
  return doubtful;
}

result<void> content_state::flush_written() {
  std::set<std::uint32_t> files;
  {
    const std::lock_guard lock(facts);
    // The kernel reports a failed write-back once and then forgets the pages: a second sync would lie.
    if (flush_failure) return *flush_failure;
    files.swap(written);
  }
  if (files.size() > single_syncs_max) {
    const std::shared_lock lock(place);
    if (syncfs(partial.part.get()) == 0) return {};
    error failure = system_error("cannot sync " + printable(location), errno);
    for (const std::uint32_t file : files) {
      const auto handle = cache->get(owner, file, [this, file] { return open_now(file, true); });
      if (handle) forget_pages((*handle)->descriptor());
    }
    return keep_failure(std::move(failure));
  }
  while (!files.empty()) {
    const std::uint32_t file = *files.begin();
    const auto handle = open(file, true);
    if (!handle) {
      const std::lock_guard lock(facts);
      written.merge(files);
      return handle.error();
    }
    if (fdatasync((*handle)->descriptor()) != 0) {
      error failure = system_error("cannot sync " + shown(file), errno);
      forget_pages((*handle)->descriptor());
      return keep_failure(std::move(failure));
    }
    files.erase(files.begin());
  }
  return {};
}

error content_state::keep_failure(error failure) {
  if (failure.code == errc::no_space) {
    // To wait for room is no use: nobody knows which pages are lost. The next download looks at all of them.
    failure.code = errc::disk;
    failure.text += "; free some space there, then download it again: only what was lost is fetched";
  }
  const std::lock_guard lock(facts);
  flush_failure = failure;
  return failure;
}

}  // namespace shoal
