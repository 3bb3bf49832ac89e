// The files of one share on disk: positioned reads and writes by file and offset, create, finish.
//
// Paths come from metainfo and are opened below one root directory with openat2(RESOLVE_BENEATH |
// RESOLVE_NO_SYMLINKS): nothing outside the root is ever touched. Open files are kept in a cache that all
// shares of the process bound together. Thread-safe: called from the worker pool. All calls block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "store/apply_attributes.hpp"
#include "store/doubtful_file.hpp"
#include "store/file_cache.hpp"
#include "store/file_signature.hpp"
#include "store/partial_place.hpp"

namespace shoal {

struct content_state;

class content_files {
 public:
  /// The complete content at `path` (a file, or a directory for a folder share), shared in place and only
  /// read. `signatures`, one per file of `info`, are checked whenever a file is opened and on each read: a
  /// mismatch is errc::conflict that names the file.
  static result<std::shared_ptr<content_files>> open_complete(std::string path, metainfo_ptr info,
                                                              std::vector<file_signature> signatures,
                                                              std::shared_ptr<file_cache> cache);
  /// A download to `directory`/NAME, kept in a partial (partial_files) until finish(). Creates its file or directory
  /// with all files (allocated at their full size where the file system can, unless it is in memory), directories,
  /// empty files; goes on with that of the `known` record. Files of a folder that fit in one piece are made when they
  /// are first written. errc::conflict if `directory`/NAME exists; errc::no_space if it will not fit. `symlinks`: also
  /// create the symlinks of the share, those that stay inside it (at finish()). `remember`: called with the record of a
  /// new one before it takes any space.
  static result<std::shared_ptr<content_files>> open_partial(std::string directory, metainfo_ptr info, bool symlinks,
                                                             std::shared_ptr<file_cache> cache,
                                                             const partial_record& known,
                                                             const remember_partial& remember);
  ~content_files();

  /// Writes `bytes` of `piece` from `begin` on. The range is valid for the share.
  result<void> write(piece_index piece, std::uint32_t begin, byte_view bytes);
  /// Reads exactly `to.size()` bytes; errc::conflict if the file has become shorter or changed.
  result<void> read(piece_index piece, std::uint32_t begin, std::span<std::uint8_t> to);

  /// Nothing is stored for the piece, which reads as zeros. False where it cannot be told.
  bool is_hole(piece_index piece);

  /// An open file and where the range begins in it, for sendfile: the range is in the page cache as far as
  /// the kernel could be asked, and was unchanged a moment ago. The handle keeps the file open.
  struct readable_range {
    std::shared_ptr<const open_file> file;
    std::uint64_t offset = 0;
  };
  result<readable_range> prepare_read(const byte_range& range);

  /// Complete content is still on the disk as its signatures say, or what is not: a stat of each file. Those whose
  /// bytes may have changed all the same are returned. Nothing while it is partial.
  result<std::vector<doubtful_file>> check();
  /// What check() returned was read, and is as it was.
  void accept(const std::vector<doubtful_file>& good);

  /// All written data is on the disk when this returns (fdatasync of the files written since the last call,
  /// or syncfs when they are many).
  result<void> flush();
  /// flush, attributes and symlinks, then renames the partial to NAME (never over something that is there:
  /// errc::conflict) and syncs the directory. Afterwards the object serves the complete content and
  /// signatures() describe it.
  result<void> finish(const wanted_attributes& wanted = {});
  /// Flushes, and holds no descriptor until it is used again: of a partial that waits for its data.
  result<void> rest();
  /// Deletes the partial (only that), or gives it back if it was taken_back; reads and writes fail with errc::cancelled
  /// from then on. Does nothing once finished.
  result<void> discard();

  /// Files of a download that open_partial() found missing or too short: what an earlier run verified of them
  /// is gone.
  const std::vector<file_index>& renewed_files() const;
  /// Of a download: pieces of zeros, which are holes on disk and nobody has to send. Until finished.
  const bitmap& zero_pieces() const;
  /// open_partial() went on with one that was there.
  bool resumed() const;
  /// Of a download; empty once finished.
  partial_record record() const;

  /// Absolute path where the content is, or will be when finished.
  std::string path() const;
  /// One per file of the share; taken at finish() for a download, empty before. See accept().
  std::vector<file_signature> signatures() const;

 private:
  explicit content_files(std::unique_ptr<content_state> s);
  std::unique_ptr<content_state> state_;
};

}  // namespace shoal
