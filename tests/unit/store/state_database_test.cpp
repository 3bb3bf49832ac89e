#include "store/state_database.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "show_result.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {
namespace {

using test::temporary_directory;

byte_buffer buffer_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::unique_ptr<state_database> open_quietly(const std::filesystem::path& home) {
  std::string warning;
  auto opened = state_database::open(home.string(), warning);
  REQUIRE(opened);
  CHECK(warning.empty());
  return std::move(*opened);
}

std::unique_ptr<state_database> open_quietly(const temporary_directory& home) {
  return open_quietly(home.path());
}

share_id id_of(std::uint8_t seed) {
  share_id id;
  id.bytes.fill(seed);
  return id;
}

}  // namespace

TEST_CASE("a database in memory keeps what it is given until it ends", "[state_database]") {
  for (int i = 0; i < 2; ++i) {
    const auto database = state_database::open_in_memory();
    REQUIRE(database);
    CHECK((*database)->shares()->empty());
    REQUIRE((*database)->save_share({"/data/b", false, {}, {}}));
    CHECK((*database)->shares()->size() == 1);
  }
}

TEST_CASE("shares survive a restart as they were saved", "[state_database]") {
  const temporary_directory home;
  const stored_share share{"/data/not\xffutf8",
                           true,
                           buffer_of(std::string("d4:\0info", 8)),
                           {{5, -1, 7}, {1ULL << 40, 1'700'000'000'123'456'789, 0}}};
  {
    const auto database = open_quietly(home);
    REQUIRE(database->save_share({share.path, false, buffer_of("old"), {}}));
    REQUIRE(database->save_share({"/data/b", false, {}, {}}));
    REQUIRE(database->save_share(share));
    REQUIRE(database->save_share({"/data/c", false, {}, {}}));
    REQUIRE(database->remove_share("/data/c"));
    REQUIRE(database->remove_share("/data/unknown"));
  }
  const auto shares = open_quietly(home)->shares();
  REQUIRE(shares);
  REQUIRE(shares->size() == 2);
  CHECK(shares->at(0).path == "/data/b");
  CHECK(shares->at(1).path == share.path);
  CHECK(shares->at(1).symlinks);
  CHECK(shares->at(1).torrent == share.torrent);
  CHECK(shares->at(1).signatures == share.signatures);
}

TEST_CASE("downloads and their progress survive a restart", "[state_database]") {
  const temporary_directory home;
  {
    const auto database = open_quietly(home);
    stored_download download{id_of(1), "/down", true, {}, "movie", {"a:1", "[::1]:2"}, {}, {}};
    REQUIRE(database->save_download(download));
    REQUIRE(database->save_progress(id_of(1), buffer_of("safe"), buffer_of("pending")));
    REQUIRE(database->save_progress(id_of(1), buffer_of("safer"), buffer_of("")));
    REQUIRE(database->save_download(
        {id_of(2), "/down", false, buffer_of("torrent"), "", {}, buffer_of("s"), buffer_of("p")}));
    REQUIRE(database->save_download({id_of(3), "/down", false, {}, "gone", {}, buffer_of("s"), {}}));
    REQUIRE(database->remove_download(id_of(3)));
    REQUIRE(database->save_progress(id_of(3), buffer_of("late"), {}));
    REQUIRE(database->save_partial(id_of(1), {"partial", ~std::uint64_t{0}, true}));
    REQUIRE(database->save_partial(id_of(3), {"late", 1, false}));
  }
  const auto downloads = open_quietly(home)->downloads();
  REQUIRE(downloads);
  REQUIRE(downloads->size() == 2);
  const stored_download& first = downloads->at(0);
  CHECK(first.id == id_of(1));
  CHECK(first.directory == "/down");
  CHECK(first.symlinks);
  CHECK(first.torrent.empty());
  CHECK(first.name == "movie");
  CHECK(first.peers == std::vector<std::string>{"a:1", "[::1]:2"});
  // The progress was of another partial.
  CHECK(first.safe.empty());
  CHECK(first.pending.empty());
  CHECK(first.partial == partial_record{"partial", ~std::uint64_t{0}, true});
  CHECK(downloads->at(1).partial == partial_record{});
  CHECK(downloads->at(1).safe == buffer_of("s"));
  CHECK(downloads->at(1).pending == buffer_of("p"));
  CHECK(downloads->at(1).torrent == buffer_of("torrent"));
}

TEST_CASE("saving a download again replaces it and its progress", "[state_database]") {
  const temporary_directory home;
  const auto database = open_quietly(home);
  REQUIRE(database->save_download({id_of(1), "/a", false, {}, "", {}, buffer_of("1"), {}}));
  REQUIRE(database->save_download({id_of(1), "/b", false, {}, "", {}, buffer_of("2"), {}}));
  const auto downloads = database->downloads();
  REQUIRE(downloads->size() == 1);
  CHECK(downloads->at(0).directory == "/b");
  CHECK(downloads->at(0).safe == buffer_of("2"));
}

TEST_CASE("a broken database is put aside and begun anew", "[state_database]") {
  const temporary_directory home;
  const std::string garbage = GENERATE(as<std::string>(), std::string(8192, 'x'), test::pattern(100, 7));
  test::write_file(home / "state.db", garbage);
  test::write_file(home / "state.db-wal", "stale");
  std::string warning;
  const auto opened = state_database::open(home.path().string(), warning);
  REQUIRE(opened);
  CHECK(warning.find("state.db.broken") != std::string::npos);
  CHECK(test::read_file(home / "state.db.broken") == garbage);
  REQUIRE((*opened)->save_share({"/x", false, {}, {}}));
  CHECK((*opened)->shares()->size() == 1);
}

TEST_CASE("a database that is deleted while it is in use is written anew", "[state_database]") {
  const temporary_directory directory;
  const std::filesystem::path home = directory / "it's";
  std::filesystem::create_directories(home);
  std::vector<std::string> warnings;
  const bool with_journals = GENERATE(false, true);
  {
    const auto database = open_quietly(home);
    database->on_warning([&](const std::string& text) { warnings.push_back(text); });
    REQUIRE(database->save_share({"/data/a", false, {}, {}}));
    std::filesystem::remove(home / "state.db");
    if (with_journals) {
      for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(home / ("state.db" + std::string(suffix)));
    }
    REQUIRE(database->save_share({"/data/b", false, {}, {}}));
    CHECK(database->shares()->size() == 2);
    std::filesystem::remove(home / "state.db");
  }
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].find("state.db was deleted while it was in use, and is written anew") != std::string::npos);
  const auto shares = open_quietly(home)->shares();
  REQUIRE(shares->size() == 2);
  CHECK(shares->at(1).path == "/data/b");
}

TEST_CASE("a database that is lost for good says so each time, and once to the log", "[state_database]") {
  const temporary_directory home;
  std::size_t warnings = 0;
  const auto database = open_quietly(home);
  database->on_warning([&](const std::string&) { ++warnings; });
  REQUIRE(database->save_share({"/data/a", false, {}, {}}));
  const bool replaced = GENERATE(false, true);
  std::filesystem::rename(home.path(), home.path().string() + ".away");
  if (replaced) {
    std::filesystem::create_directories(home.path());
    std::ofstream(home.path() / "state.db") << "of another program";
  }
  for (int i = 0; i < 2; ++i) {
    const auto saved = database->save_share({"/data/b", false, {}, {}});
    REQUIRE(!saved);
    CHECK(saved.error().code == (replaced ? errc::conflict : errc::disk));
  }
  CHECK(warnings == 1);
  std::filesystem::remove_all(home.path());
  std::filesystem::rename(home.path().string() + ".away", home.path());
  // The file is there again.
  REQUIRE(database->save_share({"/data/b", false, {}, {}}));
  CHECK(open_quietly(home)->shares()->size() == 2);
}

TEST_CASE("pages that were overwritten are noticed", "[state_database]") {
  const temporary_directory home;
  {
    const auto database = open_quietly(home);
    for (int i = 0; i < 50; ++i) {
      REQUIRE(database->save_share({"/x/" + std::to_string(i), false, byte_buffer(3000), {}}));
    }
  }
  std::string bytes = test::read_file(home / "state.db");
  REQUIRE(bytes.size() > 65536);
  bytes.replace(8192, bytes.size() - 8192, test::pattern(bytes.size() - 8192, 3));
  test::write_file(home / "state.db", bytes);
  std::string warning;
  const auto opened = state_database::open(home.path().string(), warning);
  REQUIRE(opened);
  CHECK_FALSE(warning.empty());
  CHECK((*opened)->shares()->empty());
}

TEST_CASE("a database of the first version goes on", "[state_database]") {
  const temporary_directory home;
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open((home / "state.db").c_str(), &handle) == SQLITE_OK);
  constexpr const char* first_version = R"sql(
CREATE TABLE share (path BLOB PRIMARY KEY, symlinks INTEGER, torrent BLOB, signatures BLOB);
CREATE TABLE download (id BLOB PRIMARY KEY, directory BLOB, symlinks INTEGER, torrent BLOB, name BLOB, peers BLOB,
                       paused INTEGER);
CREATE TABLE progress (id BLOB PRIMARY KEY, safe BLOB, pending BLOB);
INSERT INTO share VALUES (CAST('path' AS BLOB), 0, x'01', x'00000000000000050000000000000006');
INSERT INTO download VALUES (zeroblob(32), 'down', 0, NULL, 'name', NULL, 1);
PRAGMA user_version = 1;
)sql";
  REQUIRE(sqlite3_exec(handle, first_version, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  for (int i = 0; i < 2; ++i) {
    const auto database = open_quietly(home);
    REQUIRE(*database->share("path"));
    CHECK((*database->share("path"))->inode == 0);
    CHECK((*database->share("path"))->signatures == std::vector<file_signature>{{5, 6, 0}});
    CHECK_FALSE(*database->share("other"));
    const auto downloads = database->downloads();
    REQUIRE(downloads);
    REQUIRE(downloads->size() == 1);
    CHECK(downloads->front().name == "name");
    CHECK(downloads->front().paused);
    CHECK(downloads->front().partial == partial_record{});
    REQUIRE(database->limits());
    CHECK(database->limits()->empty());
    CHECK_FALSE((*database->share("path"))->published.is_signed());
    REQUIRE(database->seen_versions());
    CHECK(database->seen_versions()->empty());
  }
}

TEST_CASE("a database of the version before limits goes on", "[state_database]") {
  const temporary_directory home;
  open_quietly(home).reset();
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open((home / "state.db").c_str(), &handle) == SQLITE_OK);
  constexpr const char* back =
      "DROP TABLE share_limit; ALTER TABLE download DROP COLUMN no_reuse; ALTER TABLE share DROP COLUMN alone; "
      "ALTER TABLE download DROP COLUMN replaces; "
      "ALTER TABLE download DROP COLUMN updates; ALTER TABLE download DROP COLUMN deletes; "
      "ALTER TABLE share DROP COLUMN signed; ALTER TABLE share DROP COLUMN sign_with; "
      "ALTER TABLE download DROP COLUMN signed; DROP TABLE seen_version; DROP TABLE told_tracker; "
      "PRAGMA user_version = 4";
  REQUIRE(sqlite3_exec(handle, back, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  for (int i = 0; i < 2; ++i) {
    const auto database = open_quietly(home);
    CHECK(database->limits()->empty() == (i == 0));
    CHECK(database->save_limits(share_id{}, {1000, 0}));
  }
}

TEST_CASE("the trackers that a tracker told of are remembered", "[state_database]") {
  const temporary_directory home;
  for (int i = 0; i < 2; ++i) {
    const auto database = open_quietly(home);
    if (i == 0) REQUIRE(database->save_told_trackers("a:7000", {"old:1"}));
    if (i == 0) REQUIRE(database->save_told_trackers("a:7000", {"c:7000", "b:7000"}));
    if (i == 0) REQUIRE(database->save_told_trackers("b:7000", {"d:7000"}));
    CHECK(database->told_trackers("a:7000").value() == std::vector<std::string>{"c:7000", "b:7000"});
    CHECK(database->told_trackers("c:7000").value().empty());
  }
  const auto database = open_quietly(home);
  REQUIRE(database->save_told_trackers("a:7000", {}));
  CHECK(database->told_trackers("a:7000").value().empty());
  CHECK(database->told_trackers("b:7000").value().size() == 1);
}

TEST_CASE("an update is remembered, and what it is about to replace", "[state_database]") {
  const temporary_directory home;
  stored_download row;
  row.id.bytes[0] = 1;
  row.update = true;
  row.delete_dropped = true;
  row.partial = {"name", 7, false, 0};
  REQUIRE(open_quietly(home)->save_download(row));
  REQUIRE(open_quietly(home)->save_replaces(row.id, 0xffff'ffff'ffff'fff0));
  const auto kept = open_quietly(home)->download(row.id);
  REQUIRE(kept);
  REQUIRE(*kept);
  CHECK((*kept)->update);
  CHECK((*kept)->delete_dropped);
  CHECK((*kept)->partial == partial_record{"name", 7, false, 0xffff'ffff'ffff'fff0});
  // Another partial replaces nothing yet.
  REQUIRE(open_quietly(home)->save_partial(row.id, {"other", 8, false, 0}));
  CHECK((*open_quietly(home)->download(row.id))->partial == partial_record{"other", 8, false, 0});
}

TEST_CASE("limits of shares are remembered until there are none", "[state_database]") {
  const temporary_directory home;
  share_id one;
  one.bytes[0] = 1;
  share_id two;
  two.bytes[0] = 2;
  REQUIRE(open_quietly(home)->save_limits(one, {10'000'000, 0}));
  REQUIRE(open_quietly(home)->save_limits(two, {0, 5000}));
  REQUIRE(open_quietly(home)->save_limits(one, {1000, 2000}));
  using rows = std::vector<std::pair<share_id, rate_limits>>;
  CHECK(*open_quietly(home)->limits() == rows{{one, {1000, 2000}}, {two, {0, 5000}}});
  REQUIRE(open_quietly(home)->save_limits(one, {}));
  CHECK(*open_quietly(home)->limits() == rows{{two, {0, 5000}}});
}

TEST_CASE("a database of a newer version is left alone", "[state_database]") {
  const temporary_directory home;
  open_quietly(home).reset();
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open((home / "state.db").c_str(), &handle) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle, "PRAGMA user_version = 99", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  std::string warning;
  const auto opened = state_database::open(home.path().string(), warning);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::conflict);
  CHECK(opened.error().text.find("schema 99") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(home / "state.db.broken"));
}

TEST_CASE("a directory that is not there is an error, not a crash", "[state_database]") {
  std::string warning;
  CHECK_FALSE(state_database::open("/nonexistent/shoal", warning));
}

}  // namespace shoal
