// What a peer remembers between runs: its shares and its unfinished downloads, in SQLite (WAL mode).
//
// One file `state.db` in the state directory. A database that cannot be read is moved aside as state.db.broken, with an
// error for the log. A new database is then begun. If somebody deletes the file while it is in use, the next call
// writes it anew, with all that it held (state_database_file.cpp). Blocks; thread-safe (one mutex).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "content/metainfo.hpp"
#include "content/publication.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "core/rate_text.hpp"
#include "store/file_signature.hpp"
#include "store/partial_place.hpp"
#include "store/sqlite_path.hpp"

struct sqlite3;

namespace shoal {

/// A complete share: content at `path`.
struct stored_share {
  std::string path;
  bool symlinks = false;                   ///< scanned or created with symlinks
  byte_buffer torrent;                     ///< metainfo::to_torrent()
  std::vector<file_signature> signatures;  ///< empty: the share is damaged
  std::uint64_t inode = 0;  ///< of the content if we downloaded it, so that we may mend it; 0: the user added it
  publication published{};
  bool follow = false;      ///< when the content changes, share the new version
  bool alone = false;       ///< a command that ran alone downloaded it: nobody asked to share it
  std::string sign_with{};  ///< the file with the publisher key that signs its versions; "": none
};

/// An unfinished download in `directory`.
struct stored_download {
  share_id id;
  std::string directory;
  bool symlinks = false;
  byte_buffer torrent;             ///< empty while the metadata is still being fetched
  std::string name;                ///< for display while there is no metadata
  std::vector<std::string> peers;  ///< "HOST:PORT" given by the user; at most 256 are kept
  byte_buffer safe;                ///< bitmap::to_bytes: verified and flushed to disk
  byte_buffer pending;             ///< verified, but perhaps not on disk: hashed again after a crash
  bool keep_modes = false;         ///< files get the permission bits that they have at their publisher
  bool paused = false;             ///< the user cancelled it: it is not resumed at the next start
  partial_record partial{};        ///< what the download has on disk
  publication published{};
  bool no_reuse = false;        ///< all of it is fetched, even what other shares hold
  bool update = false;          ///< it takes the place of an older version
  bool delete_dropped = false;  ///< then the files of the older version that it does not have go
};

class state_database {
 public:
  /// `directory` exists, and only this process uses it (state_directory). `warning` is set when a broken database was
  /// moved aside. errc::conflict if a newer version of the program wrote the database.
  static result<std::unique_ptr<state_database>> open(const std::string& directory, std::string& warning);
  /// A database that is forgotten when it ends. It writes nothing to any disk.
  static result<std::unique_ptr<state_database>> open_in_memory();
  ~state_database();
  /// `warn` is told what happened to the file meanwhile, on the thread that notices it. Set it before other threads
  /// know the object.
  void on_warning(std::function<void(const std::string&)> warn) { warn_ = std::move(warn); }

  /// Where it is, for people and as a name of its own; "" if it is in memory.
  std::string place() const { return path_ ? shown_path_ : std::string(); }

  result<std::vector<stored_share>> shares();
  /// Replaces the share with the same path.
  result<void> save_share(const stored_share& share);
  result<void> remove_share(const std::string& path);
  /// The share at this path, if there is one.
  result<std::optional<stored_share>> share(const std::string& path);

  result<std::vector<stored_download>> downloads();
  /// The download of this share, if there is one.
  result<std::optional<stored_download>> download(const share_id& id);
  /// Replaces the download with the same id.
  result<void> save_download(const stored_download& download);
  /// Journals the progress of a saved download; does nothing if it was not saved. Call it with `safe` only after
  /// content_files::flush().
  result<void> save_progress(const share_id& id, byte_view safe, byte_view pending);
  /// Records what a saved download has on disk, and drops its progress, which was of another partial. Does nothing if
  /// it was not saved.
  result<void> save_partial(const share_id& id, const partial_record& partial);
  /// Records that the partial of a saved download is about to be swapped with the content in its place.
  result<void> save_replaces(const share_id& id, std::uint64_t replaces);
  /// Marks a saved download as paused. Saving it again unmarks it.
  result<void> pause_download(const share_id& id);
  result<void> remove_download(const share_id& id);

  /// Limits of shares that have any.
  result<std::vector<std::pair<share_id, rate_limits>>> limits();
  /// Without any they are forgotten.
  result<void> save_limits(const share_id& id, const rate_limits& limits);

  /// The trackers that this tracker told of: "HOST:PORT" each, as `told_by`.
  result<std::vector<std::string>> told_trackers(const std::string& told_by);
  /// Replaces these.
  result<void> save_told_trackers(const std::string& told_by, const std::vector<std::string>& places);

  // state_database_publishers.cpp

  /// The newest versions that were seen, each with the name of its share.
  result<std::vector<std::pair<std::string, seen_version>>> seen_versions();
  /// Replaces what was seen of this name by this publisher.
  result<void> save_seen_version(const std::string& name, const seen_version& seen);

  /// The publisher id of this state directory. The first call makes it.
  result<publisher_id> publisher();

 private:
  state_database(sqlite3* handle, std::optional<sqlite_path> path, std::string shown_path)
      : handle_(handle), path_(std::move(path)), shown_path_(std::move(shown_path)) {}
  /// Locks, and looks whether the file is still there.
  std::unique_lock<std::mutex> use();
  /// The file was deleted: writes it anew. Needs the lock.
  result<void> restore_file();
  /// The outcome of SQLite's `code` as an error that names the file. Needs the lock.
  result<void> finished(int code);
  /// SQLite's code. Needs the lock.
  int put_progress(const share_id& id, byte_view safe, byte_view pending);

  std::mutex mutex_;
  sqlite3* handle_;            ///< null: see lost_
  std::optional<error> lost_;  ///< why nothing that is written now is kept
  std::function<void(const std::string&)> warn_ = [](const std::string&) {};
  std::optional<sqlite_path> path_;  ///< none in memory
  std::string shown_path_;
};

}  // namespace shoal
