#include "store/state_tables.hpp"

#include <sqlite3.h>

#include <array>

#include "content/geometry.hpp"
#include "content/metainfo.hpp"
#include "store/sqlite_statement.hpp"

namespace shoal {

namespace {

/// How long to wait for another program that reads the file, sqlite3 for one.
constexpr int busy_timeout_ms = 5000;
/// One value: the largest .torrent, an info dictionary and the piece layers of pieces_max pieces.
constexpr int value_bytes_max = static_cast<int>(info_bytes_max + pieces_max * 32ULL + 16 * MiB);

// To SQLite paths are bytes, not text: names of directories need not be UTF-8. Progress has a table of its own, so that
// journalling it does not write the torrent again.
constexpr const char* schema = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE share (path BLOB PRIMARY KEY, symlinks INTEGER, torrent BLOB, signatures BLOB, inode INTEGER,
                    publisher BLOB, published INTEGER, follow INTEGER, ctimes BLOB, alone INTEGER,
                    signed BLOB, sign_with BLOB);
CREATE TABLE download (id BLOB PRIMARY KEY, directory BLOB, symlinks INTEGER, torrent BLOB, name BLOB, peers BLOB,
                       paused INTEGER, partial BLOB, inode INTEGER, taken_back INTEGER,
                       publisher BLOB, published INTEGER, keep_modes INTEGER, no_reuse INTEGER,
                       replaces INTEGER, updates INTEGER, deletes INTEGER, signed BLOB);
CREATE TABLE progress (id BLOB PRIMARY KEY, safe BLOB, pending BLOB);
CREATE TABLE self (publisher BLOB);
CREATE TABLE share_limit (id BLOB PRIMARY KEY, up INTEGER, down INTEGER);
CREATE TABLE seen_version (name BLOB, signer BLOB, id BLOB, published INTEGER, PRIMARY KEY (name, signer));
CREATE TABLE told_tracker (told_by BLOB, place BLOB, PRIMARY KEY (told_by, place));
PRAGMA user_version = 8;
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

constexpr const char* from_version_2 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE share ADD COLUMN publisher BLOB;
ALTER TABLE share ADD COLUMN published INTEGER;
ALTER TABLE share ADD COLUMN follow INTEGER;
ALTER TABLE download ADD COLUMN publisher BLOB;
ALTER TABLE download ADD COLUMN published INTEGER;
ALTER TABLE download ADD COLUMN keep_modes INTEGER;
CREATE TABLE self (publisher BLOB);
PRAGMA user_version = 3;
COMMIT;
)sql";

constexpr const char* from_version_3 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE share ADD COLUMN ctimes BLOB;
PRAGMA user_version = 4;
COMMIT;
)sql";

constexpr const char* from_version_4 = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE share_limit (id BLOB PRIMARY KEY, up INTEGER, down INTEGER);
ALTER TABLE download ADD COLUMN no_reuse INTEGER;
PRAGMA user_version = 5;
COMMIT;
)sql";

constexpr const char* from_version_5 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE share ADD COLUMN alone INTEGER;
ALTER TABLE download ADD COLUMN replaces INTEGER;
ALTER TABLE download ADD COLUMN updates INTEGER;
ALTER TABLE download ADD COLUMN deletes INTEGER;
PRAGMA user_version = 6;
COMMIT;
)sql";

constexpr const char* from_version_6 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE share ADD COLUMN signed BLOB;
ALTER TABLE share ADD COLUMN sign_with BLOB;
ALTER TABLE download ADD COLUMN signed BLOB;
CREATE TABLE seen_version (name BLOB, signer BLOB, id BLOB, published INTEGER, PRIMARY KEY (name, signer));
PRAGMA user_version = 7;
COMMIT;
)sql";

constexpr const char* from_version_7 = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE told_tracker (told_by BLOB, place BLOB, PRIMARY KEY (told_by, place));
PRAGMA user_version = 8;
COMMIT;
)sql";

struct upgrade {
  std::int64_t from;
  std::int64_t to;
  const char* sql;
};
constexpr std::array upgrades{upgrade{0, state_version, schema}, upgrade{1, 2, from_version_1},
                              upgrade{2, 3, from_version_2},     upgrade{3, 4, from_version_3},
                              upgrade{4, 5, from_version_4},     upgrade{5, 6, from_version_5},
                              upgrade{6, 7, from_version_6},     upgrade{7, 8, from_version_7}};

}  // namespace

int execute(sqlite3* handle, const char* sql) {
  return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
}

int prepare_tables(sqlite3* handle, std::int64_t& version) {
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, value_bytes_max);
  // A file that another program wrote must not run functions of its choice through triggers or views.
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
  for (const upgrade& step : upgrades) {
    if (step.from != version) continue;
    if (const int code = execute(handle, step.sql); code != SQLITE_OK) {
      execute(handle, "ROLLBACK");
      // Our tables without our version, or half of them.
      return (code & 0xff) == SQLITE_ERROR ? SQLITE_CORRUPT : code;
    }
    version = step.to;
  }
  return SQLITE_OK;
}

}  // namespace shoal
