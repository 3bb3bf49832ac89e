#include "store/sqlite_statement.hpp"

#include <sqlite3.h>

namespace shoal {

sqlite_statement::sqlite_statement(sqlite3* handle, std::string_view sql)
    : failure_(sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr)) {}

sqlite_statement::~sqlite_statement() {
  sqlite3_finalize(statement_);
}

sqlite_statement& sqlite_statement::bind(byte_view bytes) {
  if (failure_ != SQLITE_OK) return *this;
  // SQLITE_STATIC, spelled without the old-style cast of the macro; a null pointer would bind NULL.
  constexpr sqlite3_destructor_type not_owned = nullptr;
  const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  failure_ = sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), not_owned);
  return *this;
}

sqlite_statement& sqlite_statement::bind(std::int64_t value) {
  if (failure_ == SQLITE_OK) failure_ = sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

int sqlite_statement::step() {
  return failure_ != SQLITE_OK ? failure_ : sqlite3_step(statement_);
}

byte_buffer sqlite_statement::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? byte_buffer{} : byte_buffer(data, data + size);
}

std::string sqlite_statement::text(int column) const {
  const byte_buffer content = bytes(column);
  return std::string(as_text(content));
}

std::int64_t sqlite_statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

}  // namespace shoal
