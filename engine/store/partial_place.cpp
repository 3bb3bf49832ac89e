#include "store/partial_place.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "store/partial_folder.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// Odd, so that different times of birth stay different (the golden ratio, as in Knuth's multiplicative hashing).
constexpr std::uint64_t mixing = 0x9e37'79b9'7f4a'7c15;

/// Most partials of one share in one directory that are not ours, but of peers with other state directories.
constexpr int others_max = 100;

/// rename that never replaces; 0 or an errno.
int rename_to_new(int from_directory, const char* from, int directory, const char* to, bool folder) {
  if (renameat2(from_directory, from, directory, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without the flag: a hard link does not replace either.
  if (!folder) {
    if (linkat(from_directory, from, directory, to, 0) == 0) return unlinkat(from_directory, from, 0) == 0 ? 0 : errno;
    if (errno == EEXIST) return errno;
  }
  struct stat status{};
  if (fstatat(directory, to, &status, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return renameat(from_directory, from, directory, to) == 0 ? 0 : errno;
}

/// False: the path of the download directory leads nowhere, or to another directory, such as one that lay below a
/// mount.
bool is_at_its_path(const partial_place& place) {
  struct stat opened{};
  struct stat named{};
  return fstat(place.directory.get(), &opened) == 0 && stat(place.directory_path.c_str(), &named) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/// Sets errno on failure.
unique_descriptor open_unfinished(const std::string& directory, const partial_record& record) {
  const std::string path = directory + "/" + std::string(unfinished_folder) + "/" + record.name;
  return unique_descriptor(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

std::uint64_t identity_of(int descriptor) {
  struct statx status{};
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) return 0;
  if ((status.stx_mask & STATX_BTIME) == 0) return status.stx_ino;
  const auto born = static_cast<std::uint64_t>(status.stx_btime.tv_sec) * 1'000'000'000 + status.stx_btime.tv_nsec;
  // The clock of files ticks every few milliseconds. Within a tick a number may be given twice.
  long generation = 0;
  if (ioctl(descriptor, FS_IOC_GETVERSION, &generation) != 0) generation = 0;
  return status.stx_ino ^ (born + static_cast<std::uint32_t>(generation)) * mixing;
}

bool is_still_there(const partial_place& place) {
  struct stat opened{};
  struct stat named{};
  return fstat(place.part.get(), &opened) == 0 &&
         fstatat(place.unfinished.get(), place.record.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

error older_waits(const partial_place& place) {
  return {errc::conflict, shown_partial(place) +
                              " holds an older version and what was beside it: download it again to end "
                              "the update, or move that away"};
}

std::string shown_partial(const partial_place& place) {
  return printable(place.directory_path + "/" + std::string(unfinished_folder) + "/" + place.record.name);
}

result<partial_place> place_in(const std::string& directory) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(directory.c_str(), nullptr), &std::free);
  if (!resolved) {
    return helped_by(remedy::make_directory, system_error("cannot download to " + printable(directory), errno));
  }
  partial_place place;
  place.directory_path = resolved.get();
  place.directory.reset(open(place.directory_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place.directory) {
    return helped_by(remedy::other_directory, system_error("cannot download to " + printable(directory), errno));
  }
  return place;
}

void close_place(partial_place& place) {
  place.directory.reset();
  place.unfinished.reset();
  place.part.reset();
}

result<void> reopen_place(partial_place& place) {
  const std::string shown = shown_partial(place);
  struct stat status{};
  place.directory.reset(open(place.directory_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place.directory) return system_error("cannot go on with " + shown, errno);
  place.unfinished = open_beneath(place.directory.get(), std::string(unfinished_folder), O_RDONLY | O_DIRECTORY);
  if (place.unfinished) {
    place.part = open_beneath(place.unfinished.get(), place.record.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }
  if (!place.part) return beneath_error("cannot go on with " + shown, errno);
  if (fstat(place.part.get(), &status) != 0) return system_error("cannot go on with " + shown, errno);
  if (identity_of(place.part.get()) != place.record.inode) {
    return error{errc::conflict, shown + " was replaced by another program: move that away"};
  }
  if (flock(place.part.get(), LOCK_EX | LOCK_NB) != 0) {
    return error{errc::conflict, shown + " is being written by another download: end that first"};
  }
  return {};
}

result<void> open_unfinished(partial_place& place) {
  const std::string folder(unfinished_folder);
  if (mkdirat(place.directory.get(), folder.c_str(), 0777) == 0) {
    // A user who may download here may keep unfinished files here.
    struct stat status{};
    if (fstat(place.directory.get(), &status) == 0) {
      fchmodat(place.directory.get(), folder.c_str(), status.st_mode & 07777, 0);
    }
  } else if (errno != EEXIST) {
    return helped_by(remedy::other_directory,
                     system_error("cannot download to " + printable(place.directory_path), errno));
  }
  place.unfinished = open_beneath(place.directory.get(), folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (place.unfinished) return {};
  return beneath_error("cannot keep the download in " + printable(place.directory_path) + "/" + folder, errno);
}

void remove_unfinished_folder(const partial_place& place) {
  unlinkat(place.directory.get(), std::string(unfinished_folder).c_str(), AT_REMOVEDIR);
}

result<void> under_free_name(partial_place& place, const metainfo& info, const std::function<bool()>& make) {
  const std::string id = info.id().hex();
  for (int others = 0; others < others_max; ++others) {
    place.record.name = others == 0 ? id : id + "." + std::to_string(others);
    if (make()) return {};
    if (errno != EEXIST) return beneath_error("cannot create " + shown_partial(place), errno);
  }
  return error{errc::conflict,
               printable(place.directory_path) + "/" + std::string(unfinished_folder) +
                   " is full of unfinished downloads that are not ours",
               remedy::other_directory};
}

result<partial_record> take_back(const std::string& directory, const metainfo& info, std::uint64_t inode,
                                 const remember_partial& remember) {
  result<partial_place> place = place_in(directory);
  if (!place) return place.error();
  const int here = place->directory.get();
  const std::string shown = printable(place->directory_path + "/" + info.name());
  const int flags = info.is_folder() ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
  const unique_descriptor content = open_beneath(here, info.name(), flags | O_NOFOLLOW);
  struct stat status{};
  if (!content) return beneath_error("cannot mend " + shown, errno);
  if (fstat(content.get(), &status) != 0) return system_error("cannot mend " + shown, errno);
  if (identity_of(content.get()) != inode || (!info.is_folder() && !S_ISREG(status.st_mode))) {
    return error{errc::conflict, shown + " is not what was downloaded there", remedy::clear_place};
  }
  if (info.is_folder()) {
    if (result<void> ours = check_only_holds(content.get(), shown, info); !ours) return ours.error();
  }
  if (result<void> opened = open_unfinished(*place); !opened) return opened.error();
  place->record.inode = inode;
  place->record.taken_back = true;
  std::optional<error> forgotten;
  result<void> taken = under_free_name(*place, info, [&] {
    if (fstatat(place->unfinished.get(), place->record.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return false;
    }
    // The record is written first: after a crash in between, the content is where it was.
    if (result<void> remembered = remember(place->record); !remembered) {
      forgotten = remembered.error();
      return true;
    }
    errno =
        rename_to_new(here, info.name().c_str(), place->unfinished.get(), place->record.name.c_str(), info.is_folder());
    return errno == 0;
  });
  if (forgotten) taken = *forgotten;
  if (taken) return place->record;
  remove_unfinished_folder(*place);
  return taken.error();
}

result<void> rename_partial(const partial_place& place, const metainfo& info) {
  if (!is_at_its_path(place)) {
    return error{errc::not_found,
                 printable(place.directory_path) + " was moved or unmounted during the download: put it back",
                 remedy::other_directory};
  }
  const int failure = rename_to_new(place.unfinished.get(), place.record.name.c_str(), place.directory.get(),
                                    info.name().c_str(), info.is_folder());
  if (failure == 0) {
    remove_unfinished_folder(place);
    return {};
  }
  const std::string shown = printable(place.directory_path + "/" + info.name());
  if (failure == EEXIST || failure == ENOTEMPTY) {
    return error{errc::conflict,
                 shown + " exists already: move it away; what was downloaded waits in " + shown_partial(place)};
  }
  return system_error("cannot rename " + shown_partial(place) + " to " + shown, failure);
}

result<void> remove_partial(const partial_place& place, const metainfo* info) {
  if (!is_still_there(place)) return {};
  if (place.record.taken_back) {
    if (info != nullptr) return rename_partial(place, *info);
    return error{errc::conflict, shown_partial(place) + " was complete once: move it to where it belongs"};
  }
  result<void> removed = remove_tree(place.unfinished.get(), place.record.name, shown_partial(place));
  remove_unfinished_folder(place);
  return removed;
}

bool partial_is_there(const std::string& directory, const partial_record& record) {
  if (record.name.empty()) return false;
  const unique_descriptor there = open_unfinished(directory, record);
  if (there) return identity_of(there.get()) == record.inode;
  return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
}

result<void> remove_partial(const std::string& directory, const partial_record& record, const metainfo* info) {
  if (record.name.empty()) return {};
  const unique_descriptor there = open_unfinished(directory, record);
  partial_place place;
  place.directory_path = directory;
  place.record = record;
  if (!there) {
    // A partial that cannot be opened for want of descriptors is still there.
    error why = beneath_error("cannot remove " + shown_partial(place), errno);
    return why.code == errc::limit ? result<void>(std::move(why)) : result<void>{};
  }
  const std::uint64_t found = identity_of(there.get());
  if (record.replaces != 0 && found == record.replaces) return older_waits(place);
  if (found != record.inode) return {};
  if (result<void> opened = reopen_place(place); !opened) return opened;
  return remove_partial(place, info);
}

}  // namespace shoal
