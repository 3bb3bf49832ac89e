// The tables of the state database, and how the tables of earlier versions of the program become them.
//
// Used by state_database alone. Blocks.
#pragma once

#include <cstdint>

struct sqlite3;

namespace shoal {

/// PRAGMA user_version of the tables.
inline constexpr std::int64_t state_version = 8;

/// SQLite's code for statements without a result.
int execute(sqlite3* handle, const char* sql);

/// Makes the tables, or upgrades them. Returns SQLITE_OK, an error code, or SQLITE_CORRUPT if the tables are not ours.
/// `version` is the version of the tables afterwards. It differs from state_version if a newer program wrote them.
int prepare_tables(sqlite3* handle, std::int64_t& version);

}  // namespace shoal
