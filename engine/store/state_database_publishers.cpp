// state_database: the publisher of this state directory, and the newest versions that were seen of signed shares.

#include <sqlite3.h>

#include <random>

#include "store/sqlite_statement.hpp"
#include "store/state_database.hpp"

namespace shoal {

namespace {

/// More than a peer remembers (directory/known_publishers); bounds what a foreign file makes us read.
constexpr std::size_t versions_max = 200'000;

}  // namespace

result<std::vector<std::pair<std::string, seen_version>>> state_database::seen_versions() {
  const auto lock = use();
  std::vector<std::pair<std::string, seen_version>> all;
  sqlite_statement query(handle_, "SELECT name, signer, id, published FROM seen_version ORDER BY rowid");
  int code = query.step();
  for (; code == SQLITE_ROW && all.size() < versions_max; code = query.step()) {
    const auto signer = publisher_key::from_bytes(query.bytes(1));
    const auto id = share_id::from_bytes(query.bytes(2));
    if (signer && id) {
      all.emplace_back(query.text(0), seen_version{*signer, *id, static_cast<std::uint64_t>(query.integer(3))});
    }
  }
  if (const result<void> done = finished(code == SQLITE_ROW ? SQLITE_DONE : code); !done) return done.error();
  return all;
}

result<void> state_database::save_seen_version(const std::string& name, const seen_version& seen) {
  const auto lock = use();
  sqlite_statement put(handle_,
                       "INSERT OR REPLACE INTO seen_version (name, signer, id, published) VALUES (?, ?, ?, ?)");
  put.bind(name).bind(seen.signer.view()).bind(seen.id.view()).bind(static_cast<std::int64_t>(seen.ms));
  return finished(put.step());
}

result<publisher_id> state_database::publisher() {
  const auto lock = use();
  {
    sqlite_statement query(handle_, "SELECT publisher FROM self");
    const int code = query.step();
    const auto known = code == SQLITE_ROW ? publisher_id::from_bytes(query.bytes(0)) : std::nullopt;
    if (known) return *known;
    if (const result<void> done = finished(code == SQLITE_ROW ? SQLITE_DONE : code); !done) return done.error();
  }
  publisher_id made;
  std::random_device random;
  for (std::uint8_t& byte : made.bytes) byte = static_cast<std::uint8_t>(random());
  sqlite_statement put(handle_, "INSERT INTO self (publisher) VALUES (?)");
  if (const result<void> done = finished(put.bind(made.view()).step()); !done) return done.error();
  return made;
}

}  // namespace shoal
