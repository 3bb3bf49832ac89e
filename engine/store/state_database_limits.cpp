// state_database: limits of shares.

#include <sqlite3.h>

#include <algorithm>

#include "store/sqlite_statement.hpp"
#include "store/state_database.hpp"

namespace shoal {

namespace {

/// Far more than anybody sets by hand; bounds what a foreign file makes us read.
constexpr std::size_t limits_max = 100'000;

std::uint64_t rate_of(std::int64_t stored) {
  const auto rate = static_cast<std::uint64_t>(std::max<std::int64_t>(stored, 0));
  return rate == 0 ? 0 : std::clamp(rate, rate_limit_min, rate_limit_max);
}

}  // namespace

result<std::vector<std::pair<share_id, rate_limits>>> state_database::limits() {
  const auto lock = use();
  std::vector<std::pair<share_id, rate_limits>> all;
  sqlite_statement query(handle_, "SELECT id, up, down FROM share_limit ORDER BY id");
  int code = query.step();
  for (; code == SQLITE_ROW && all.size() < limits_max; code = query.step()) {
    const auto id = share_id::from_bytes(query.bytes(0));
    if (id) all.emplace_back(*id, rate_limits{rate_of(query.integer(1)), rate_of(query.integer(2))});
  }
  if (const result<void> done = finished(code == SQLITE_ROW ? SQLITE_DONE : code); !done) return done.error();
  return all;
}

result<void> state_database::save_limits(const share_id& id, const rate_limits& limits) {
  const auto lock = use();
  if (!limits.any()) {
    sqlite_statement remove(handle_, "DELETE FROM share_limit WHERE id = ?");
    return finished(remove.bind(id.view()).step());
  }
  sqlite_statement put(handle_, "INSERT OR REPLACE INTO share_limit (id, up, down) VALUES (?, ?, ?)");
  put.bind(id.view()).bind(static_cast<std::int64_t>(limits.up)).bind(static_cast<std::int64_t>(limits.down));
  return finished(put.step());
}

}  // namespace shoal
