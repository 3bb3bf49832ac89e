// Where an unfinished download is kept, and how it gets there and away. The one judge of what on disk is ours.
//
// A partial is in the folder .shoal of the download directory, under the id of the share. No content has such a place,
// so nothing that another program put there is ever taken for a partial. A partial is ours if our record names it and
// its inode. A download without a record takes up what a lost record left behind: our mark is on it (partial_owner),
// nobody has it open, and it holds nothing else (partial_files). Used by partial_files and content_files. Blocks.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "store/beneath.hpp"
#include "store/file_signature.hpp"

namespace shoal {

/// The folder of a download directory that holds its partials. It is there only while a partial is. No share has this
/// name. A folder that is shared is shared without it.
inline constexpr std::string_view unfinished_folder = ".shoal";

/// What we wrote down when we made a partial.
struct partial_record {
  std::string name;         ///< in unfinished_folder; empty: there is none
  std::uint64_t inode = 0;  ///< identity_of() the file or directory
  bool taken_back = false;  ///< was complete once, so it is given back rather than deleted
  /// identity_of() the content that the complete partial is swapped with. What is in the partial's place after that is
  /// the older version. 0: it is not about to be swapped.
  std::uint64_t replaces = 0;
  bool operator==(const partial_record&) const = default;
};
/// Writes the record of a new partial down before anything else is done with the partial. A failure ends the download.
class remember_partial {
 public:
  using write = std::function<result<void>(const partial_record&)>;

  remember_partial() = default;  ///< for what makes no partial
  /// `owner`: what is written on the partial, too, so that it is found if the record is lost (partial_owner).
  template <class Write>
    requires(std::constructible_from<write, Write> && !std::same_as<std::remove_cvref_t<Write>, remember_partial>)
  remember_partial(Write record, std::string owner = {})  // NOLINT: each write is one
      : write_(std::move(record)), owner_(std::move(owner)) {}

  result<void> operator()(const partial_record& made) const { return write_(made); }
  const std::string& owner() const { return owner_; }

 private:
  write write_;
  std::string owner_;
};

/// A file of a partial that is a second name of a file of the content to be replaced (link(2)).
struct linked_file {
  file_index file;      ///< of the share
  file_index older;     ///< of the content to be replaced
  file_signature seen;  ///< once it was linked, which sets its ctime
};

/// An open partial.
struct partial_place {
  std::string directory_path;    ///< absolute, symlinks resolved
  unique_descriptor directory;   ///< the download directory
  unique_descriptor unfinished;  ///< unfinished_folder in it
  partial_record record;
  unique_descriptor part;  ///< the file or directory that the record names; holds the lock
  bool resumed = false;    ///< was there before: some of its data may not be on the disk
  /// Files that were or are missing, were too short or had holes. There is nothing to go on from.
  std::vector<file_index> renewed;
  bool in_memory = false;  ///< the file system is tmpfs
  bitmap zeros;            ///< pieces that are holes in their files, and so are there already
  /// By file of the share: once everything is written, it has all its blocks, less the holes. They were reserved before
  /// or counted exactly. If it then has fewer blocks, another program cut it.
  std::vector<bool> without_holes;
  /// By file of the share: it is made_when_written, and was neither found nor made yet.
  std::vector<bool> awaited;
  /// Their bytes are here and good. Nobody writes to them, because they are part of the older version, too.
  std::vector<linked_file> linked;
  bool swapped = false;  ///< is at NAME now, and the older version in its place
};

/// Tells an open file or directory from all others that were or will be in its file system. It is the inode number,
/// mixed with the time of birth and the inode's generation where they are known (statx(2), FS_IOC_GETVERSION of
/// ioctl_iflags(2)). The file system gives the number of a deleted inode again. The descriptor is open for reading. 0:
/// unknown.
std::uint64_t identity_of(int descriptor);

/// True if nothing else has taken the partial's place.
bool is_still_there(const partial_place& place);

/// errc::conflict: the partial was swapped in, and the older version in its place was not cleared up yet.
error older_waits(const partial_place& place);

/// Path of the partial for messages.
std::string shown_partial(const partial_place& place);

/// Opens the download directory. errc::not_found or permission name it and the remedy.
result<partial_place> place_in(const std::string& directory);

/// Closes the descriptors of a place. The place itself stays what it is.
void close_place(partial_place& place);
/// Opens the descriptors again. errc::conflict if what the record names is not there any more.
result<void> reopen_place(partial_place& place);

/// Opens unfinished_folder in the place, and makes it if it is not there.
result<void> open_unfinished(partial_place& place);

/// Removes unfinished_folder if nothing is left in it.
void remove_unfinished_folder(const partial_place& place);

/// Gives the record one name after the other until `make` returns true. `make` returns false with EEXIST in errno if
/// the name is taken.
result<void> under_free_name(partial_place& place, const metainfo& info, const std::function<bool()>& make);

/// Makes the content at `directory`/NAME, whose files may be damaged, the partial of its share. errc::conflict, with
/// nothing changed, unless it has this inode and holds nothing that is not of the share.
result<partial_record> take_back(const std::string& directory, const metainfo& info, std::uint64_t inode,
                                 const remember_partial& remember);

/// Renames the partial to NAME in the download directory. errc::conflict if NAME exists. The caller still has to sync
/// the directory.
result<void> rename_partial(const partial_place& place, const metainfo& info);

/// The partial of this record is in its place, or it cannot be found out. Blocks.
bool partial_is_there(const std::string& directory, const partial_record& record);

/// Deletes the partial and everything in it, unless something else has taken its place. Gives back a partial that was
/// taken back; `info` is then not null.
result<void> remove_partial(const partial_place& place, const metainfo* info);

/// Like the other remove_partial(), for a partial that is not open. It is no error if the partial is gone or not ours.
/// errc::conflict if another process writes to it.
result<void> remove_partial(const std::string& directory, const partial_record& record, const metainfo* info);

}  // namespace shoal
