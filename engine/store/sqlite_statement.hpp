// One prepared SQLite statement: bind in order, step, read columns.
//
// Used by state_database only, under its lock. Bound bytes must outlive the last step(). Columns are copied out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace shoal {

class sqlite_statement {
 public:
  /// A statement that cannot be prepared fails at its first step().
  sqlite_statement(sqlite3* handle, std::string_view sql);
  ~sqlite_statement();
  sqlite_statement(const sqlite_statement&) = delete;
  sqlite_statement& operator=(const sqlite_statement&) = delete;

  sqlite_statement& bind(byte_view bytes);
  sqlite_statement& bind(std::string_view text) { return bind(as_bytes(text)); }
  sqlite_statement& bind(std::int64_t value);

  /// SQLITE_ROW, SQLITE_DONE or an error code.
  int step();

  /// Columns of the current row, from 0. Empty or 0 for NULL.
  byte_buffer bytes(int column) const;
  std::string text(int column) const;
  std::int64_t integer(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
  int failure_;
  int bound_ = 0;
};

}  // namespace shoal
