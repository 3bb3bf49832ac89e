#include "store/state_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "store/printable.hpp"
#include "store/sqlite_statement.hpp"
#include "store/state_tables.hpp"

namespace shoal {

namespace {

/// Rows of one table. Far beyond what a peer can serve. Bounds what a foreign file makes us read.
constexpr std::size_t rows_max = 100'000;
/// Peers kept with one download, each at most a host name (253 bytes) and a port.
constexpr std::size_t peers_max = 256;
constexpr std::size_t peer_bytes_max = 260;
/// A signature as stored: size and time of modification, 8 bytes each, big-endian; and elsewhere the time of change.
constexpr std::size_t signature_bytes = 16;
constexpr std::size_t ctime_bytes = 8;

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

byte_buffer encode_ctimes(const std::vector<file_signature>& signatures) {
  byte_buffer bytes(signatures.size() * ctime_bytes);
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    store_be64(bytes.data() + i * ctime_bytes, static_cast<std::uint64_t>(signatures[i].ctime_ns));
  }
  return bytes;
}

std::vector<file_signature> decode_signatures(byte_view bytes, byte_view ctimes) {
  std::vector<file_signature> signatures(bytes.size() / signature_bytes);
  const bool with_ctimes = ctimes.size() == signatures.size() * ctime_bytes;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    const std::uint8_t* from = bytes.data() + i * signature_bytes;
    const std::uint64_t ctime = with_ctimes ? load_be64(ctimes.data() + i * ctime_bytes) : 0;
    signatures[i] = {load_be64(from), static_cast<std::int64_t>(load_be64(from + 8)), static_cast<std::int64_t>(ctime)};
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

/// The key and the signature of a publication; empty if there is none.
byte_buffer encode_signed(const publication& of) {
  byte_buffer bytes;
  if (!of.is_signed()) return bytes;
  bytes.insert(bytes.end(), of.signer.bytes.begin(), of.signer.bytes.end());
  bytes.insert(bytes.end(), of.signature.bytes.begin(), of.signature.bytes.end());
  return bytes;
}

publication publication_of(sqlite_statement& query, int column, int signed_column) {
  const auto publisher = publisher_id::from_bytes(query.bytes(column));
  publication of{publisher.value_or(publisher_id{}), static_cast<std::uint64_t>(query.integer(column + 1))};
  const byte_buffer bytes = query.bytes(signed_column);
  if (bytes.size() != publisher_key::size + publisher_signature::size) return of;
  of.signer = *publisher_key::from_bytes(byte_view(bytes).first(publisher_key::size));
  of.signature = *publisher_signature::from_bytes(byte_view(bytes).subspan(publisher_key::size));
  // It was checked when it was written down.
  of.of_signature = standing::right;
  return of;
}

constexpr std::string_view share_columns =
    "path, symlinks, torrent, signatures, inode, publisher, published, follow, ctimes, alone, signed, sign_with";

/// The row that a query of share_columns is at.
stored_share share_of(sqlite_statement& query) {
  return {query.text(0),
          query.integer(1) != 0,
          query.bytes(2),
          decode_signatures(query.bytes(3), query.bytes(8)),
          static_cast<std::uint64_t>(query.integer(4)),
          publication_of(query, 5, 10),
          query.integer(7) != 0,
          query.integer(9) != 0,
          query.text(11)};
}

constexpr std::string_view download_columns =
    "id, directory, symlinks, torrent, name, peers, safe, pending, keep_modes, paused, partial, inode, taken_back, "
    "publisher, published, no_reuse, replaces, updates, deletes, signed";

/// The row that a query of download_columns is at; nothing if we did not write it.
std::optional<stored_download> download_of(sqlite_statement& query) {
  const std::optional<share_id> id = share_id::from_bytes(query.bytes(0));
  if (!id) return std::nullopt;
  return stored_download{*id,
                         query.text(1),
                         query.integer(2) != 0,
                         query.bytes(3),
                         query.text(4),
                         decode_peers(query.text(5)),
                         query.bytes(6),
                         query.bytes(7),
                         query.integer(8) != 0,
                         query.integer(9) != 0,
                         partial_record{query.text(10), static_cast<std::uint64_t>(query.integer(11)),
                                        query.integer(12) != 0, static_cast<std::uint64_t>(query.integer(16))},
                         publication_of(query, 13, 19),
                         query.integer(15) != 0,
                         query.integer(17) != 0,
                         query.integer(18) != 0};
}

bool is_damage(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

error database_error(const std::string& what, int code, sqlite3* handle) {
  error failure{errc::disk, what + ": " + (handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle))};
  const int kind = code & 0xff;
  const int reason = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  if ((kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) && reason != 0) failure = system_error(failure.text, reason);
  if (is_damage(code)) failure.text += "; start this peer again: it puts a damaged database aside";
  if (kind == SQLITE_FULL) failure.code = errc::no_space;
  if (failure.code == errc::no_space) failure.text += "; free some space there";
  if (kind == SQLITE_PERM || kind == SQLITE_READONLY) failure.code = errc::permission;
  if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED) {
    failure = {errc::conflict, what + ": another program uses it; end that program"};
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
    if (code == SQLITE_OK && version == state_version) {
      return std::unique_ptr<state_database>(new state_database(handle, std::move(*named), printable(path)));
    }
    error failure = database_error("cannot open " + printable(path), code, handle);
    sqlite3_close(handle);
    if (code == SQLITE_OK) {
      return error{errc::conflict,
                   printable(path) + " was written by another version of shoal (schema " + std::to_string(version) +
                       ", this one has " + std::to_string(state_version) + ")",
                   remedy::other_state_directory};
    }
    if (!is_damage(code) || again) return failure;
    const std::string broken = path + ".broken";
    // The journals go first: none may ever be replayed into another database.
    for (const char* suffix : {"-wal", "-shm", ""}) std::rename((path + suffix).c_str(), (broken + suffix).c_str());
    warning = printable(path) + " was damaged and is now " + printable(broken) +
              ": add the shares again, and download again what was unfinished";
  }
  return error{errc::internal, "cannot open " + printable(path)};
}

result<std::unique_ptr<state_database>> state_database::open_in_memory() {
  sqlite3* handle = nullptr;
  int code =
      sqlite3_open_v2(":memory:", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::int64_t version = 0;
  if (code == SQLITE_OK) code = prepare_tables(handle, version);
  if (code == SQLITE_OK) code = execute(handle, "PRAGMA temp_store = MEMORY");
  if (code == SQLITE_OK)
    return std::unique_ptr<state_database>(new state_database(handle, std::nullopt, "the state in memory"));
  error failure = database_error("cannot keep the state in memory", code, handle);
  sqlite3_close(handle);
  return failure;
}

state_database::~state_database() {
  (void)use();
  sqlite3_close(handle_);
}

result<void> state_database::finished(int code) {
  if (lost_) return *lost_;
  if (code == SQLITE_DONE || code == SQLITE_OK) return {};
  return database_error("cannot use " + shown_path_, code, handle_);
}

result<std::vector<stored_share>> state_database::shares() {
  const auto lock = use();
  const std::string sql = "SELECT " + std::string(share_columns) + " FROM share ORDER BY rowid LIMIT ?";
  sqlite_statement query(handle_, sql);
  query.bind(static_cast<std::int64_t>(rows_max));
  std::vector<stored_share> shares;
  int code;
  while ((code = query.step()) == SQLITE_ROW) shares.push_back(share_of(query));
  if (const result<void> done = finished(code); !done) return done.error();
  return shares;
}

result<std::optional<stored_share>> state_database::share(const std::string& path) {
  const auto lock = use();
  const std::string sql = "SELECT " + std::string(share_columns) + " FROM share WHERE path = ?";
  sqlite_statement query(handle_, sql);
  const int code = query.bind(path).step();
  if (code == SQLITE_ROW) return std::optional(share_of(query));
  if (const result<void> done = finished(code); !done) return done.error();
  return std::optional<stored_share>();
}

result<void> state_database::save_share(const stored_share& share) {
  const byte_buffer signatures = encode(share.signatures);
  const byte_buffer ctimes = encode_ctimes(share.signatures);
  const byte_buffer signature = encode_signed(share.published);
  const auto lock = use();
  const std::string sql =
      "INSERT OR REPLACE INTO share (" + std::string(share_columns) + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite_statement put(handle_, sql);
  put.bind(share.path).bind(std::int64_t{share.symlinks}).bind(share.torrent).bind(signatures);
  put.bind(static_cast<std::int64_t>(share.inode)).bind(share.published.publisher.view());
  put.bind(static_cast<std::int64_t>(share.published.ms)).bind(std::int64_t{share.follow}).bind(ctimes);
  put.bind(std::int64_t{share.alone}).bind(signature).bind(share.sign_with);
  return finished(put.step());
}

result<void> state_database::remove_share(const std::string& path) {
  const auto lock = use();
  sqlite_statement remove(handle_, "DELETE FROM share WHERE path = ?");
  return finished(remove.bind(path).step());
}

result<std::vector<stored_download>> state_database::downloads() {
  const auto lock = use();
  sqlite_statement query(handle_, "SELECT " + std::string(download_columns) +
                                      " FROM download LEFT JOIN progress USING (id) ORDER BY download.rowid LIMIT ?");
  query.bind(static_cast<std::int64_t>(rows_max));
  std::vector<stored_download> downloads;
  int code;
  while ((code = query.step()) == SQLITE_ROW) {
    auto row = download_of(query);
    if (!row) return error{errc::malformed, shown_path_ + " holds a row that shoal did not write: move the file away"};
    downloads.push_back(std::move(*row));
  }
  if (const result<void> done = finished(code); !done) return done.error();
  return downloads;
}

result<std::optional<stored_download>> state_database::download(const share_id& id) {
  const auto lock = use();
  sqlite_statement query(
      handle_, "SELECT " + std::string(download_columns) + " FROM download LEFT JOIN progress USING (id) WHERE id = ?");
  const int code = query.bind(id.view()).step();
  if (code == SQLITE_ROW) return download_of(query);
  if (const result<void> done = finished(code); !done) return done.error();
  return std::optional<stored_download>();
}

result<void> state_database::save_download(const stored_download& download) {
  const std::string peers = encode(download.peers);
  const byte_buffer signature = encode_signed(download.published);
  const auto lock = use();
  if (const result<void> begun = finished(execute(handle_, "BEGIN IMMEDIATE")); !begun) return begun;
  int code;
  {
    sqlite_statement put(handle_,
                         "INSERT OR REPLACE INTO download "
                         "(id, directory, symlinks, torrent, name, peers, paused, partial, inode, taken_back, "
                         "publisher, published, keep_modes, no_reuse, replaces, updates, deletes, signed) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put.bind(download.id.view()).bind(download.directory).bind(std::int64_t{download.symlinks});
    put.bind(download.torrent).bind(download.name).bind(peers).bind(std::int64_t{download.paused});
    put.bind(download.partial.name).bind(static_cast<std::int64_t>(download.partial.inode));
    put.bind(std::int64_t{download.partial.taken_back}).bind(download.published.publisher.view());
    put.bind(static_cast<std::int64_t>(download.published.ms)).bind(std::int64_t{download.keep_modes});
    put.bind(std::int64_t{download.no_reuse}).bind(static_cast<std::int64_t>(download.partial.replaces));
    put.bind(std::int64_t{download.update}).bind(std::int64_t{download.delete_dropped});
    put.bind(signature);
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
  const auto lock = use();
  return finished(put_progress(id, safe, pending));
}

result<void> state_database::save_partial(const share_id& id, const partial_record& partial) {
  const auto lock = use();
  if (const result<void> begun = finished(execute(handle_, "BEGIN IMMEDIATE")); !begun) return begun;
  int code;
  {
    sqlite_statement put(handle_,
                         "UPDATE download SET partial = ?, inode = ?, taken_back = ?, replaces = 0 WHERE id = ?");
    put.bind(partial.name).bind(static_cast<std::int64_t>(partial.inode)).bind(std::int64_t{partial.taken_back});
    code = put.bind(id.view()).step();
  }
  if (code == SQLITE_DONE) code = put_progress(id, {}, {});
  if (code == SQLITE_DONE) code = execute(handle_, "COMMIT");
  const result<void> done = finished(code);
  if (!done) execute(handle_, "ROLLBACK");
  return done;
}

result<void> state_database::save_replaces(const share_id& id, std::uint64_t replaces) {
  const auto lock = use();
  // The names are swapped next, and the disk may keep that and lose what a sync did not cover.
  execute(handle_, "PRAGMA synchronous = FULL");
  int code;
  {
    sqlite_statement put(handle_, "UPDATE download SET replaces = ? WHERE id = ?");
    code = put.bind(static_cast<std::int64_t>(replaces)).bind(id.view()).step();
  }
  execute(handle_, "PRAGMA synchronous = NORMAL");
  return finished(code);
}

result<void> state_database::pause_download(const share_id& id) {
  const auto lock = use();
  sqlite_statement pause(handle_, "UPDATE download SET paused = 1 WHERE id = ?");
  return finished(pause.bind(id.view()).step());
}

result<void> state_database::remove_download(const share_id& id) {
  const auto lock = use();
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
