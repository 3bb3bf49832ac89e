#include "store/partial_files.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "content/zero_pieces.hpp"
#include "core/human_bytes.hpp"
#include "store/file_links.hpp"
#include "store/holes.hpp"
#include "store/partial_folder.hpp"
#include "store/partial_owner.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// New files; the umask takes away what the user does not want.
constexpr mode_t file_mode = 0666;
constexpr mode_t executable_mode = 0777;

/// A file that was made or resized, to be put back when the rest fails.
struct undo_step {
  std::string path;
  bool made = false;
  off_t size_before = 0;
};

mode_t mode_of(const file_entry& file) {
  return file.executable ? executable_mode : file_mode;
}

class partial_maker {
 public:
  partial_maker(partial_place& place, const metainfo& info, const older_content* older)
      : place_(place), info_(info), links_(older) {}

  result<void> make(const partial_record& known, const remember_partial& remember) {
    struct statfs status{};
    place_.in_memory = fstatfs(place_.directory.get(), &status) == 0 && status.f_type == TMPFS_MAGIC;
    free_bytes_ = free_bytes().value_or(0);
    place_.zeros = zero_pieces(info_);
    place_.without_holes.resize(info_.files().size());
    place_.awaited.resize(info_.files().size());
    result<void> made = make_root(known, remember.owner());
    shown_ = shown_partial(place_);
    if (made) made = lock();
    if (made && place_.record != known) made = remember(place_.record);
    if (made) made = info_.is_folder() ? make_folder() : make_single();
    if (made && later_bytes_ > free_bytes().value_or(later_bytes_)) made = no_space_error();
    if (!made) undo();
    return made;
  }

 private:
  std::optional<std::uint64_t> free_bytes() const {
    struct statfs status{};
    if (fstatfs(place_.directory.get(), &status) != 0) return std::nullopt;
    // A tmpfs of no size has no bound.
    if (place_.in_memory && status.f_blocks == 0) return std::numeric_limits<std::uint64_t>::max();
    return std::uint64_t{status.f_bavail} * static_cast<std::uint64_t>(status.f_frsize);
  }

  /// Opens the file or directory of the record if it is still the one that was made, or makes a new one.
  result<void> make_root(const partial_record& known, const std::string& owner) {
    result<void> made;
    // Tried again if another download ended meanwhile and took the empty folder with it.
    for (int tries = 0; tries < 2 && (tries == 0 || (!made && made.error().code == errc::not_found)); ++tries) {
      if (result<void> opened = open_unfinished(place_); !opened) return opened;
      if (!known.name.empty()) {
        const result<bool> taken_up = take_up(known);
        if (!taken_up) return taken_up.error();
        if (*taken_up) return {};
      } else {
        const result<bool> adopted = adopt(owner);
        if (!adopted) return adopted.error();
        if (*adopted) return {};
      }
      made = under_free_name(place_, info_, [&] { return make_new(owner); });
    }
    return made;
  }

  /// False: it is gone, or is not the one that was made.
  result<bool> take_up(const partial_record& known) {
    if (known.name.find('/') != std::string::npos) return false;
    const int flags = info_.is_folder() ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
    unique_descriptor opened = open_beneath(place_.unfinished.get(), known.name, flags | O_NOFOLLOW);
    if (!opened) {
      // A partial that cannot be opened for want of descriptors is still there.
      error why = beneath_error("cannot go on with " + printable(known.name), errno);
      if (why.code == errc::limit) return why;
      return false;
    }
    struct stat status{};
    if (fstat(opened.get(), &status) != 0 || identity_of(opened.get()) != known.inode) return false;
    if (!info_.is_folder() && !S_ISREG(status.st_mode)) return false;
    place_.record = known;
    place_.part = std::move(opened);
    place_.resumed = true;
    return true;
  }

  /// Takes up what lies where the first partial of the share would be, if the record of it was lost, or was not written
  /// yet when the process was killed. What is in it is hashed before anything of it counts. False: there is nothing, or
  /// it is not the owner's, or in use.
  result<bool> adopt(const std::string& owner) {
    place_.record.name = info_.id().hex();
    const int flags = info_.is_folder() ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
    place_.part = open_beneath(place_.unfinished.get(), place_.record.name, flags | O_NOFOLLOW);
    if (!place_.part) {
      error why = beneath_error("cannot go on with " + shown_partial(place_), errno);
      if (why.code == errc::limit) return why;
      return false;
    }
    const result<bool> mine = is_left_behind(owner);
    if (!mine || !*mine) {
      place_.part.reset();
      return mine;
    }
    place_.record.inode = identity_of(place_.part.get());
    place_.resumed = true;
    return true;
  }

  result<bool> is_left_behind(const std::string& owner) const {
    struct stat status{};
    if (!is_marked(place_.part.get(), owner) || fstat(place_.part.get(), &status) != 0) return false;
    // Before it is locked, whoever had it locked may take it away.
    if (flock(place_.part.get(), LOCK_EX | LOCK_NB) != 0 || !is_still_there(place_)) return false;
    if (info_.is_folder()) {
      const result<void> alone = check_only_holds(place_.part.get(), shown_partial(place_), info_, true);
      if (!alone && alone.error().code == errc::limit) return alone.error();
      return alone.has_value();
    }
    const bool size_fits = status.st_size == 0 || std::cmp_equal(status.st_size, info_.files().front().size);
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && size_fits;
  }

  /// False: see errno.
  bool make_new(const std::string& owner) {
    const std::string& name = place_.record.name;
    if (info_.is_folder()) {
      if (mkdirat(place_.unfinished.get(), name.c_str(), 0777) != 0) return false;
      place_.part = open_beneath(place_.unfinished.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } else {
      place_.part = open_beneath(place_.unfinished.get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
                                 mode_of(info_.files().front()));
    }
    if (!place_.part) return false;
    place_.record.inode = identity_of(place_.part.get());
    mark_partial(place_.part.get(), owner);
    return true;
  }

  result<void> make_single() { return give_size(place_.part.get(), !place_.resumed, shown_, info_.files().front()); }

  result<void> make_folder() {
    if (place_.resumed) {
      if (result<void> ours = check_only_holds(place_.part.get(), shown_, info_); !ours) return ours;
    }
    if (result<void> opened = links_.open(place_.directory.get(), info_.name()); !opened) return opened;
    directory_stack directories(place_.part.get(), shown_);
    for (const file_entry& file : info_.files()) {
      if (file.type == file_entry::kind::symlink) continue;
      const bool empty_directory = file.type == file_entry::kind::empty_directory;
      const result<int> parent = empty_directory ? directories.make(file.path, directories_made_)
                                                 : directories.make_parent_of(file.path, directories_made_);
      if (!parent) return parent.error();
      if (empty_directory) continue;
      const std::string name(last_element(file.path));
      if (links_.link(place_, file_index{index_of(file)}, *parent, name)) continue;
      if (is_awaited(file) && (!place_.resumed || !is_there(*parent, name))) {
        later_bytes_ += file.size;
        place_.renewed.emplace_back(index_of(file));
        place_.awaited[index_of(file)] = true;
        continue;
      }
      if (result<void> made = make_file(*parent, name, shown_ + "/" + file.path, file); !made) return made;
    }
    return {};
  }

  /// The file is made_when_written and will be written: nobody writes zeros.
  bool is_awaited(const file_entry& file) const {
    return made_when_written(info_, file) &&
           !place_.zeros.test(info_.shape().file_first_piece(file_index{index_of(file)}).value());
  }

  static bool is_there(int directory, const std::string& name) {
    struct stat status{};
    return fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  }

  static bool has_other_names(int descriptor) {
    struct stat status{};
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 1;
  }

  std::uint32_t index_of(const file_entry& file) const {
    return static_cast<std::uint32_t>(&file - info_.files().data());
  }

  result<void> make_file(int directory, const std::string& name, const std::string& shown, const file_entry& file) {
    bool made = true;
    unique_descriptor opened = open_beneath(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode_of(file));
    if (!opened && errno == EEXIST) {
      made = false;
      opened = open_beneath(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    }
    if (opened && !made && !place_.record.taken_back && has_other_names(opened.get())) {
      // A file of an older version, or of the user. Nothing is written to it.
      made = true;
      if (unlinkat(directory, name.c_str(), 0) != 0) return system_error("cannot replace " + shown, errno);
      opened = open_beneath(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode_of(file));
    }
    if (!opened) return beneath_error("cannot open " + shown, errno);
    return give_size(opened.get(), made, shown, file);
  }

  result<void> give_size(int descriptor, bool made, const std::string& shown, const file_entry& file) {
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return system_error("cannot read " + shown, errno);
    if (!S_ISREG(status.st_mode)) return beneath_error("cannot open " + shown, ENOTDIR);
    const std::uint32_t index = index_of(file);
    const std::uint64_t data = data_bytes(info_, place_.zeros, file_index{index});
    const std::uint64_t allocated = std::min(data, static_cast<std::uint64_t>(status.st_blocks) * 512);
    const bool whole = !made && static_cast<std::uint64_t>(status.st_size) >= file.size;
    const bool had_holes = !has_all_blocks(status, data);
    if (!made) set_executable(descriptor, status.st_mode, file.executable);
    allocated_before_ += allocated;
    undo_.push_back({file.path, made, status.st_size});
    if (place_.in_memory) {
      later_bytes_ += data - allocated;
      if (later_bytes_ > free_bytes_) return no_space_error();
    }
    const int failure = allocate(descriptor, status, info_, place_.zeros, file_index{index}, place_.in_memory);
    if (failure != 0) return allocation_error(shown, file.size, failure);
    if (!made) make_holes(descriptor, info_, place_.zeros, file_index{index});
    if (fstat(descriptor, &status) != 0) return system_error("cannot read " + shown, errno);
    const bool reserved = has_all_blocks(status, data);
    place_.without_holes[index] = reserved || place_.in_memory;
    // Where blocks can be reserved, they were reserved. So another program made the hole.
    if (!whole || (had_holes && reserved)) place_.renewed.emplace_back(index);
    return {};
  }

  /// If `executable`, each class of users with read permission gets execute permission; otherwise no class. The umask
  /// would have given the same when the file was made.
  static void set_executable(int descriptor, mode_t mode, bool executable) {
    const mode_t wanted = executable ? mode | ((mode & 0444) >> 2) : mode & ~mode_t{0111};
    if (wanted != mode) fchmod(descriptor, wanted & 07777);
  }

  error allocation_error(const std::string& shown, std::uint64_t size, int reason) const {
    if (reason == EFBIG) {
      return {errc::disk, shown + " would be larger than its file system allows (" + std::to_string(size) + " bytes)",
              remedy::other_directory};
    }
    if (reason != ENOSPC && reason != EDQUOT) return system_error("cannot allocate " + shown, reason);
    return no_space_error(reason);
  }

  error no_space_error(int reason = ENOSPC) const {
    std::uint64_t data = info_.total_bytes();
    const bitmap& zeros = place_.zeros;
    for (std::uint32_t i = zeros.next_set(0); i < zeros.size(); i = zeros.next_set(i + 1)) {
      data -= info_.shape().piece_size(piece_index{i});
    }
    const std::uint64_t needed = data - std::min(data, allocated_before_);
    std::string text = "not enough space in " + printable(place_.directory_path) + " for " + printable(info_.name()) +
                       ": " + human_bytes(needed) + " needed, ";
    if (reason == EDQUOT) return {errc::no_space, text + "and a disk quota does not allow that", remedy::free_space};
    text += human_bytes(free_bytes_) + " free";
    // Others may have freed some since.
    if (needed > free_bytes_) text += ", " + human_bytes(needed - free_bytes_) + " missing";
    return {errc::no_space, std::move(text), remedy::free_space};
  }

  result<void> lock() const {
    if (flock(place_.part.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
    return error{errc::conflict, shown_ + " is being written by another download", remedy::other_directory};
  }

  void undo() {
    if (place_.part && !place_.resumed) {
      [[maybe_unused]] const result<void> removed = remove_partial(place_, &info_);
    } else if (place_.part) {
      restore();
    }
    remove_unfinished_folder(place_);
  }

  /// Puts back what was made in a partial that was there before.
  void restore() {
    if (!info_.is_folder()) {
      for (const undo_step& step : undo_) {
        // Best effort: a larger size would be corrected by the next run as well.
        [[maybe_unused]] const int restored = ftruncate(place_.part.get(), step.size_before);
      }
      return;
    }
    directory_stack directories(place_.part.get(), shown_);
    for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) {
      const result<int> parent = directories.parent_of(step->path);
      if (!parent) continue;
      const std::string name(last_element(step->path));
      if (step->made) {
        unlinkat(*parent, name.c_str(), 0);
      } else if (const unique_descriptor file = open_beneath(*parent, name, O_WRONLY | O_NOFOLLOW)) {
        [[maybe_unused]] const int restored = ftruncate(file.get(), step->size_before);
      }
    }
    for (auto made = directories_made_.rbegin(); made != directories_made_.rend(); ++made) {
      const result<int> parent = directories.parent_of(*made);
      if (parent) unlinkat(*parent, std::string(last_element(*made)).c_str(), AT_REMOVEDIR);
    }
  }

  partial_place& place_;
  const metainfo& info_;
  file_links links_;
  std::string shown_;
  std::uint64_t free_bytes_ = 0;
  std::uint64_t allocated_before_ = 0;
  std::uint64_t later_bytes_ = 0;  ///< that are not reserved: of files made when written, and all in memory
  std::vector<std::string> directories_made_;
  std::vector<undo_step> undo_;
};

}  // namespace

bool made_when_written(const metainfo& info, const file_entry& file) {
  return info.is_folder() && file.type == file_entry::kind::regular && file.size > 0 &&
         file.size <= info.shape().piece_bytes();
}

result<unique_descriptor> make_awaited(const partial_place& place, const metainfo& info, file_index file,
                                       bool& without_holes) {
  const file_entry& entry = info.files()[file.value()];
  const auto shown = [&] { return shown_partial(place) + "/" + printable(entry.path); };
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  unique_descriptor opened = open_beneath(place.part.get(), entry.path, flags | O_EXCL, mode_of(entry));
  // A new file is a regular file with nothing in it.
  struct stat status{};
  status.st_mode = S_IFREG;
  if (!opened && errno == EEXIST) {
    opened = open_beneath(place.part.get(), entry.path, flags, mode_of(entry));
    if (opened && fstat(opened.get(), &status) != 0) return system_error("cannot read " + shown(), errno);
  }
  if (!opened) return beneath_error("cannot open " + shown(), errno);
  if (!S_ISREG(status.st_mode)) return beneath_error("cannot open " + shown(), ENOTDIR);
  without_holes = place.in_memory;
  // The file gets its size with its last block: its only piece is written as a whole.
  if (place.in_memory && status.st_size == 0) return opened;
  if (const int failure = allocate(opened.get(), status, info, place.zeros, file, place.in_memory); failure != 0) {
    error why = system_error("cannot allocate " + shown(), failure);
    if (why.code == errc::no_space) why.helps = remedy::free_space;
    return why;
  }
  if (without_holes) return opened;
  if (fstat(opened.get(), &status) != 0) return system_error("cannot read " + shown(), errno);
  without_holes = has_all_blocks(status, entry.size);
  return opened;
}

result<partial_place> make_partial(const std::string& directory, const metainfo& info, const partial_record& known,
                                   const remember_partial& remember, const older_content* older) {
  if (info.name() == unfinished_folder) {
    return error{errc::conflict, "a share with the name " + info.name() +
                                     " cannot be downloaded: unfinished downloads are kept under this name"};
  }
  result<partial_place> place = place_in(directory);
  if (!place) return place;
  struct stat status{};
  if (older == nullptr && fstatat(place->directory.get(), info.name().c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return error{errc::conflict, printable(place->directory_path + "/" + info.name()) + " exists already",
                 remedy::clear_place};
  }
  result<void> made = partial_maker(*place, info, older).make(known, remember);
  if (!made) return std::move(made).error();
  return place;
}

}  // namespace shoal
