// The files of one share on disk: positioned reads and writes by file and offset, create, finish.
//
// Paths come from metainfo and are opened below one root directory with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS).
// So nothing outside the root is ever touched. One cache bounds the open files of all shares of the process.
// Thread-safe: called from the worker pool. All calls block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "store/apply_attributes.hpp"
#include "store/disk_room.hpp"
#include "store/doubtful_file.hpp"
#include "store/file_cache.hpp"
#include "store/file_signature.hpp"
#include "store/older_content.hpp"
#include "store/partial_place.hpp"

namespace shoal {

struct content_state;

class content_files {
 public:
  /// The complete content at `path`: a file, or a directory for a folder share. It is shared in place and only read.
  /// `signatures`, one per file of `info`, are checked whenever a file is opened, and on each read. A mismatch is
  /// errc::conflict that names the file.
  static result<std::shared_ptr<content_files>> open_complete(std::string path, metainfo_ptr info,
                                                              std::vector<file_signature> signatures,
                                                              std::shared_ptr<file_cache> cache);
  /// A download to `directory`/NAME, kept in a partial (partial_files) until finish().
  /// - Goes on with the partial of the `known` record. Otherwise makes a new one, with all files, directories and empty
  ///   files. Files get their full size, allocated where the file system can and is not in memory. Files of a folder
  ///   that fit in one piece are made when they are first written.
  /// - `symlinks`: finish() also creates the symlinks of the share that stay inside it.
  /// - `remember`: called with the record of a new partial before the partial takes any space.
  /// - `older`: the content at `directory`/NAME, which finish() replaces. Files that the share has unchanged are
  /// linked.
  /// - errc::conflict if `directory`/NAME exists without being `older`; errc::no_space if the download will not fit.
  static result<std::shared_ptr<content_files>> open_partial(std::string directory, metainfo_ptr info, bool symlinks,
                                                             std::shared_ptr<file_cache> cache,
                                                             const partial_record& known,
                                                             const remember_partial& remember,
                                                             const older_content* older = nullptr);
  /// What a download that does not run has in `directory`. It is only read, and not locked. Files that the download has
  /// not made yet cannot be read. When the download goes on, reads of what it writes to are errc::conflict.
  static result<std::shared_ptr<content_files>> open_kept(const std::string& directory, metainfo_ptr info,
                                                          const partial_record& record,
                                                          std::shared_ptr<file_cache> cache);
  ~content_files();

  /// Writes `bytes` of `piece` from `begin` on. The range is valid for the share.
  result<void> write(piece_index piece, std::uint32_t begin, byte_view bytes);
  /// Reads exactly `to.size()` bytes. errc::conflict if the file became shorter or changed.
  result<void> read(piece_index piece, std::uint32_t begin, std::span<std::uint8_t> to);

  /// True if nothing is stored for the piece, so that it reads as zeros. False where this cannot be told.
  bool is_hole(piece_index piece);

  /// An open file and where the range begins in it, for sendfile. The range is in the page cache, as far as the kernel
  /// could be asked. It was unchanged a moment ago. The handle keeps the file open.
  struct readable_range {
    std::shared_ptr<const open_file> file;
    std::uint64_t offset = 0;
  };
  result<readable_range> prepare_read(const byte_range& range);
  /// Does the same if nothing has to be waited for: the file is open, and all of it in the page cache. Otherwise
  /// nothing, and prepare_read() is to be asked.
  std::optional<readable_range> prepare_read_now(const byte_range& range);
  /// The file of a range that was prepared still is what it was. errc::conflict if it is not.
  result<void> check_unchanged(const byte_range& range, const readable_range& prepared);

  /// Compares complete content on the disk with its signatures, by a stat of each file. Returns the files whose bytes
  /// may have changed although they look unchanged. The error names what did change. Nothing while the content is
  /// partial.
  result<std::vector<doubtful_file>> check();
  /// The files that check() returned were read, and are as they were.
  void accept(const std::vector<doubtful_file>& good);

  /// When this returns, all written data is on the disk. It is fdatasync of the files written since the last call, or
  /// syncfs if they are many.
  result<void> flush();
  /// Does these steps:
  /// 1. flush, then set attributes and make symlinks.
  /// 2. Rename the partial to NAME, never over something that is there: errc::conflict.
  /// 3. Sync the directory.
  ///
  /// Afterwards the object serves the complete content, and signatures() describe it.
  result<void> finish(const wanted_attributes& wanted = {});
  /// errc::conflict if `older` was changed since it was seen, and so cannot give way.
  result<void> may_replace(const older_content& older);
  /// Like finish(), but `older` gives way to the partial (version_swap): errc::conflict if it was changed since it was
  /// seen. `remember` is told how the older version is found again after a crash. An error after the swap leaves the
  /// new version whole in its place.
  result<void> replace(const older_content& older, const remember_partial& remember, const wanted_attributes& wanted);
  /// What a download that is not finished needs of the disk.
  result<disk_room> room();
  /// Flushes, and holds no descriptor until it is used again, also if the flush fails. For a partial that waits for its
  /// data.
  result<void> rest();
  /// Deletes the partial and nothing else, or gives it back if it was taken_back. From then on reads and writes fail
  /// with errc::cancelled. Does nothing once finished.
  result<void> discard();

  /// Files of a download that open_partial() found missing or too short. What an earlier run verified of these files is
  /// gone.
  const std::vector<file_index>& renewed_files() const;
  /// Files of a download that are files of the older version, too. Their pieces are good.
  const std::vector<linked_file>& linked_files() const;
  /// Pieces of zeros of a download. They are holes on disk, and nobody has to send them. Until finished.
  const bitmap& zero_pieces() const;
  /// open_partial() went on with a partial that was there.
  bool resumed() const;
  /// The record of a download's partial; empty once finished.
  partial_record record() const;

  /// Absolute path where the content is, or will be when finished.
  std::string path() const;
  /// One per file of the share. For a download they are taken at finish(), and empty before. See accept().
  std::vector<file_signature> signatures() const;
  /// That of one file; nothing for a download.
  std::optional<file_signature> signature(file_index file) const;

 private:
  explicit content_files(std::unique_ptr<content_state> s);
  /// What replace() does after the swap, and again if that failed. Needs `transition`.
  result<void> clear_up(const older_content& older, const wanted_attributes& wanted);
  result<void> complete(const older_content* older, const remember_partial& remember, const wanted_attributes& wanted);
  std::unique_ptr<content_state> state_;
};

}  // namespace shoal
