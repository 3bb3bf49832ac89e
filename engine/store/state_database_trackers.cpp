// state_database: the trackers that other trackers told of.

#include <sqlite3.h>

#include "store/sqlite_statement.hpp"
#include "store/state_database.hpp"

namespace shoal {

namespace {

/// More than a tracker tells; bounds what a foreign file makes us read.
constexpr std::size_t told_max = 64;

}  // namespace

result<std::vector<std::string>> state_database::told_trackers(const std::string& told_by) {
  const auto lock = use();
  std::vector<std::string> all;
  sqlite_statement query(handle_, "SELECT place FROM told_tracker WHERE told_by = ? ORDER BY rowid");
  query.bind(std::string_view(told_by));
  int code = query.step();
  for (; code == SQLITE_ROW && all.size() < told_max; code = query.step()) all.push_back(query.text(0));
  if (const result<void> done = finished(code == SQLITE_ROW ? SQLITE_DONE : code); !done) return done.error();
  return all;
}

result<void> state_database::save_told_trackers(const std::string& told_by, const std::vector<std::string>& places) {
  const auto lock = use();
  {
    sqlite_statement remove(handle_, "DELETE FROM told_tracker WHERE told_by = ?");
    if (auto done = finished(remove.bind(std::string_view(told_by)).step()); !done) return done;
  }
  for (const std::string& place : places) {
    sqlite_statement put(handle_, "INSERT OR REPLACE INTO told_tracker (told_by, place) VALUES (?, ?)");
    if (auto done = finished(put.bind(std::string_view(told_by)).bind(std::string_view(place)).step()); !done)
      return done;
  }
  return {};
}

}  // namespace shoal
