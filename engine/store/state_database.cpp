#include "store/state_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "store/printable.hpp"
#include "store/sqlite_statement.hpp"

namespace shoal {

namespace {

/// PRAGMA user_version of the tables below.
constexpr std::int64_t schema_version = 2;
/// How long to wait for another program that reads the file, sqlite3 for one.
constexpr int busy_timeout_ms = 5000;
/// One value: the largest .torrent, an info dictionary and the piece layers of pieces_max pieces.
constexpr int value_bytes_max = static_cast<int>(info_bytes_max + pieces_max * 32ULL + 16 * MiB);
/// Rows of one table; far beyond what a peer can serve, and bounds what a foreign file makes us read.
constexpr std::size_t rows_max = 100'000;
/// Peers kept with one download, each at most a host name (253 bytes) and a port.
constexpr std::size_t peers_max = 256;
constexpr std::size_t peer_bytes_max = 260;
/// A signature as stored: size and time, 8 bytes each, big-endian.
constexpr std::size_t signature_bytes = 16;

// Paths are bytes, not text, in SQLite's eyes: names of directories need not be UTF-8. Progress has a table
// of its own so that journalling it does not write the torrent again.
constexpr const char* schema = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE share (path BLOB PRIMARY KEY, symlinks INTEGER, torrent BLOB, signatures BLOB, inode INTEGER);
CREATE TABLE download (id BLOB PRIMARY KEY, directory BLOB, symlinks INTEGER, torrent BLOB, name BLOB, peers BLOB,
                       paused INTEGER, partial BLOB, inode INTEGER, taken_back INTEGER);
CREATE TABLE progress (id BLOB PRIMARY KEY, safe BLOB, pending BLOB);
PRAGMA user_version = 2;
COMMIT;
)sql";

constexpr const char* from_version_1 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE share ADD COLUMN inode INTEGER;
ALTER TABLE download ADD COLUMN partial BLOB;
ALTER TABLE download ADD COLUMN inode INTEGER;
ALTER TABLE download ADD COLUMN taken_back INTEGER;
PRAGMA user_version = 2;
COMMIT;
)sql";

void store_be64(std::uint8_t* to, std::uint64_t value) {
  store_be32(to, static_cast<std::uint32_t>(value >> 32));
  store_be32(to + 4, static_cast<std::uint32_t>(value));
}

std::uint64_t load_be64(const std::uint8_t* from) {
  return std::uint64_t{load_be32(from)} << 32 | load_be32(from + 4);
}

byte_buffer encode(const std::vector<file_signature>& signatures) {
  byte_buffer bytes(signatures.size() * signature_bytes);
  std::uint8_t* to = bytes.data();
  for (const file_signature& signature : signatures) {
    store_be64(to, signature.size);
    store_be64(to + 8, static_cast<std::uint64_t>(signature.mtime_ns));
    to += signature_bytes;
  }
  return bytes;
}

std::vector<file_signature> decode_signatures(byte_view bytes) {
  std::vector<file_signature> signatures(bytes.size() / signature_bytes);
  const std::uint8_t* from = bytes.data();
  for (file_signature& signature : signatures) {
    signature = {load_be64(from), static_cast<std::int64_t>(load_be64(from + 8))};
    from += signature_bytes;
  }
  return signatures;
}

std::string encode(const std::vector<std::string>& peers) {
  std::string lines;
  for (std::size_t i = 0; i < peers.size() && i < peers_max; ++i) {
    if (peers[i].size() <= peer_bytes_max) lines += peers[i] + '\n';
  }
  return lines;
}

std::vector<std::string> decode_peers(std::string_view lines) {
  std::vector<std::string> peers;
  while (!lines.empty() && peers.size() < peers_max) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (end > 0 && end <= peer_bytes_max) peers.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return peers;
}

/// The row that a query of path, symlinks, torrent, signatures, inode is at.
stored_share share_of(sqlite_statement& query) {
  return {query.text(0), query.integer(1) != 0, query.bytes(2), decode_signatures(query.bytes(3)),
          static_cast<std::uint64_t>(query.integer(4))};
}

bool is_damage(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

int execute(sqlite3* handle, const char* sql) {
  return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
}

/// SQLITE_OK, an error code, or SQLITE_CORRUPT if the tables are not ours; `version` as found in the file.
int prepare_tables(sqlite3* handle, std::int64_t& version) {
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, value_bytes_max);
  // A file that somebody else wrote must not run functions of its choice through triggers or views.
  execute(handle, "PRAGMA trusted_schema = OFF");
  if (const int code = execute(handle, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"); code != SQLITE_OK) {
    return code;
  }
  {
    sqlite_statement check(handle, "PRAGMA quick_check(1)");
    const int code = check.step();
    if (code != SQLITE_ROW) return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
    if (check.text(0) != "ok") return SQLITE_CORRUPT;
  }
  {
    sqlite_statement query(handle, "PRAGMA user_version");
    if (const int code = query.step(); code != SQLITE_ROW) return code;
    version = query.integer(0);
  }
  if (version != 0 && version != 1) return SQLITE_OK;
  if (const int code = execute(handle, version == 0 ? schema : from_version_1); code != SQLITE_OK) {
    execute(handle, "ROLLBACK");
    // Our tables without our version, or half of them.
    return (code & 0xff) == SQLITE_ERROR ? SQLITE_CORRUPT : code;
  }
  version = schema_version;
  return SQLITE_OK;
}

error database_error(const std::string& what, int code, sqlite3* handle) {
  error failure{errc::disk, what + ": " + (handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle))};
  if ((code & 0xff) == SQLITE_FULL) {
    failure.code = errc::no_space;
    failure.text += "; free some space there";
  }
  if ((code & 0xff) == SQLITE_PERM || (code & 0xff) == SQLITE_READONLY) failure.code = errc::permission;
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
    failure = {errc::conflict, what + ": another program uses it"};
  }
  return failure;
}

}  // namespace

result<std::unique_ptr<state_database>> state_database::open(const std::string& directory, std::string& warning) {
  const std::string path = directory + "/state.db";
  for (const bool again : {false, true}) {
    sqlite3* handle = nullptr;
    result<sqlite_path> named = sqlite_path::of(path);
    if (!named) return std::move(named).error();
    int code = sqlite3_open_v2(named->text().c_str(), &handle,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, named->vfs());
    std::int64_t version = 0;
    if (code == SQLITE_OK) code = prepare_tables(handle, version);
    if (code == SQLITE_OK && version == schema_version) {
      return std::unique_ptr<state_database>(new state_database(handle, std::move(*named), printable(path)));
    }
    error failure = database_error("cannot open " + printable(path), code, handle);
    sqlite3_close(handle);
    if (code == SQLITE_OK) {
      return error{errc::conflict, printable(path) + " was written by another version of shoal (schema " +
                                       std::to_string(version) + ", this one has " + std::to_string(schema_version) +
                                       "): use another state directory with --state DIR"};
    }
    if (!is_damage(code) || again) return failure;
    const std::string broken = path + ".broken";
    // The journals first: none may ever be replayed into another database than its own.
    for (const char* suffix : {"-wal", "-shm", ""}) std::rename((path + suffix).c_str(), (broken + suffix).c_str());
    warning = printable(path) + " was damaged and is now " + printable(broken) +
              ": shares and unfinished downloads are forgotten, add them again";
  }
  return error{errc::internal, "cannot open " + printable(path)};
}

state_database::~state_database() {
  sqlite3_close(handle_);
}

result<void> state_database::finished(int code) {
  if (code == SQLITE_DONE || code == SQLITE_OK) return {};
  return database_error("cannot use " + shown_path_, code, handle_);
}

result<std::vector<stored_share>> state_database::shares() {
  const std::lock_guard lock(mutex_);
  sqlite_statement query(handle_,
                         "SELECT path, symlinks, torrent, signatures, inode FROM share ORDER BY rowid LIMIT ?");
  query.bind(static_cast<std::int64_t>(rows_max));
  std::vector<stored_share> shares;
  int code;
  while ((code = query.step()) == SQLITE_ROW) shares.push_back(share_of(query));
  if (const result<void> done = finished(code); !done) return done.error();
  return shares;
}

result<std::optional<stored_share>> state_database::share(const std::string& path) {
  const std::lock_guard lock(mutex_);
  sqlite_statement query(handle_, "SELECT path, symlinks, torrent, signatures, inode FROM share WHERE path = ?");
  const int code = query.bind(path).step();
  if (code == SQLITE_ROW) return std::optional(share_of(query));
  if (const result<void> done = finished(code); !done) return done.error();
  return std::optional<stored_share>();
}

result<void> state_database::save_share(const stored_share& share) {
  const byte_buffer signatures = encode(share.signatures);
  const std::lock_guard lock(mutex_);
  sqlite_statement put(handle_,
                       "INSERT OR REPLACE INTO share (path, symlinks, torrent, signatures, inode) "
                       "VALUES (?, ?, ?, ?, ?)");
  put.bind(share.path).bind(std::int64_t{share.symlinks}).bind(share.torrent).bind(signatures);
  put.bind(static_cast<std::int64_t>(share.inode));
  return finished(put.step());
}

result<void> state_database::remove_share(const std::string& path) {
  const std::lock_guard lock(mutex_);
  sqlite_statement remove(handle_, "DELETE FROM share WHERE path = ?");
  return finished(remove.bind(path).step());
}

result<std::vector<stored_download>> state_database::downloads() {
  const std::lock_guard lock(mutex_);
  sqlite_statement query(
      handle_,
      "SELECT id, directory, symlinks, torrent, name, peers, safe, pending, paused, partial, inode, taken_back "
      "FROM download LEFT JOIN progress USING (id) ORDER BY download.rowid LIMIT ?");
  query.bind(static_cast<std::int64_t>(rows_max));
  std::vector<stored_download> downloads;
  int code;
  while ((code = query.step()) == SQLITE_ROW) {
    const std::optional<share_id> id = share_id::from_bytes(query.bytes(0));
    if (!id) return error{errc::malformed, shown_path_ + " holds a row that shoal did not write: move the file away"};
    downloads.push_back(
        {*id, query.text(1), query.integer(2) != 0, query.bytes(3), query.text(4), decode_peers(query.text(5)),
         query.bytes(6), query.bytes(7), query.integer(8) != 0,
         partial_record{query.text(9), static_cast<std::uint64_t>(query.integer(10)), query.integer(11) != 0}});
  }
  if (const result<void> done = finished(code); !done) return done.error();
  return downloads;
}

result<void> state_database::save_download(const stored_download& download) {
  const std::string peers = encode(download.peers);
  const std::lock_guard lock(mutex_);
  if (const result<void> begun = finished(execute(handle_, "BEGIN IMMEDIATE")); !begun) return begun;
  int code;
  {
    sqlite_statement put(handle_,
                         "INSERT OR REPLACE INTO download "
                         "(id, directory, symlinks, torrent, name, peers, paused, partial, inode, taken_back) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put.bind(download.id.view()).bind(download.directory).bind(std::int64_t{download.symlinks});
    put.bind(download.torrent).bind(download.name).bind(peers).bind(std::int64_t{download.paused});
    put.bind(download.partial.name).bind(static_cast<std::int64_t>(download.partial.inode));
    put.bind(std::int64_t{download.partial.taken_back});
    code = put.step();
  }
  if (code == SQLITE_DONE) code = put_progress(download.id, download.safe, download.pending);
  if (code == SQLITE_DONE) code = execute(handle_, "COMMIT");
  const result<void> done = finished(code);
  if (!done) execute(handle_, "ROLLBACK");
  return done;
}

int state_database::put_progress(const share_id& id, byte_view safe, byte_view pending) {
  sqlite_statement put(handle_,
                       "INSERT OR REPLACE INTO progress (id, safe, pending) "
                       "SELECT id, ?, ? FROM download WHERE id = ?");
  return put.bind(safe).bind(pending).bind(id.view()).step();
}

result<void> state_database::save_progress(const share_id& id, byte_view safe, byte_view pending) {
  const std::lock_guard lock(mutex_);
  return finished(put_progress(id, safe, pending));
}

result<void> state_database::save_partial(const share_id& id, const partial_record& partial) {
  const std::lock_guard lock(mutex_);
  if (const result<void> begun = finished(execute(handle_, "BEGIN IMMEDIATE")); !begun) return begun;
  int code;
  {
    sqlite_statement put(handle_, "UPDATE download SET partial = ?, inode = ?, taken_back = ? WHERE id = ?");
    put.bind(partial.name).bind(static_cast<std::int64_t>(partial.inode)).bind(std::int64_t{partial.taken_back});
    code = put.bind(id.view()).step();
  }
  if (code == SQLITE_DONE) code = put_progress(id, {}, {});
  if (code == SQLITE_DONE) code = execute(handle_, "COMMIT");
  const result<void> done = finished(code);
  if (!done) execute(handle_, "ROLLBACK");
  return done;
}

result<void> state_database::pause_download(const share_id& id) {
  const std::lock_guard lock(mutex_);
  sqlite_statement pause(handle_, "UPDATE download SET paused = 1 WHERE id = ?");
  return finished(pause.bind(id.view()).step());
}

result<void> state_database::remove_download(const share_id& id) {
  const std::lock_guard lock(mutex_);
  if (const result<void> begun = finished(execute(handle_, "BEGIN IMMEDIATE")); !begun) return begun;
  int code = SQLITE_DONE;
  for (const char* sql : {"DELETE FROM progress WHERE id = ?", "DELETE FROM download WHERE id = ?"}) {
    sqlite_statement remove(handle_, sql);
    if (code == SQLITE_DONE) code = remove.bind(id.view()).step();
  }
  if (code == SQLITE_DONE) code = execute(handle_, "COMMIT");
  const result<void> done = finished(code);
  if (!done) execute(handle_, "ROLLBACK");
  return done;
}

}  // namespace shoal
