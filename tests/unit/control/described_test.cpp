#include "control/described.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "control/requests.hpp"
#include "control/rows.hpp"
#include "control/rpc_failure.hpp"

using namespace shoal;
namespace json = boost::json;

namespace {

template <class T>
std::string names_of() {
  std::string names;
  for_each_member<T>(
      [&names](std::string_view name, auto) { names += std::string(names.empty() ? "" : " ").append(name); });
  return names;
}

rows::download half_done() {
  return {.id = "ab",
          .name = "größe",
          .phase = "downloading",
          .bytes = 1ULL << 63,
          .done = 3,
          .rate = 1.5,
          .sources = {{.peer = "cd", .bytes = 7}},
          .notes = {"a", "b"}};
}

}  // namespace

TEST_CASE("a row has the names of its members, a keyword without its underscore") {
  CHECK(names_of<rows::tracker>() == "url connected reason");
  CHECK(names_of<rpc::failure_data>() == "class remedy");
  CHECK(names_of<rows::nothing>().empty());
}

TEST_CASE("an empty optional is left out, anything else is there") {
  auto row = half_done();
  auto object = to_json(row).as_object();
  CHECK_FALSE(object.contains("class"));
  CHECK(object.at("reason") == "");
  CHECK(object.at("sources").at(0).at("rate") == 0.0);
  row.class_ = "disk";
  CHECK(to_json(row).at("class") == "disk");
  CHECK(json::serialize(to_json(rows::nothing{})) == "{}");
  CHECK(to_json(rows::notice(rows::away{.tracker = "a:1"})).at("what") == "away");
}

TEST_CASE("what was written is read again") {
  const auto row = half_done();
  const auto text = json::serialize(to_json(std::vector{row, row}));
  const auto read = from_json<std::vector<rows::download>>(json::parse(text));
  REQUIRE(read.size() == 2);
  CHECK(json::serialize(to_json(read)) == text);
  CHECK(read[1].bytes == 1ULL << 63);
  CHECK(read[1].sources.at(0).bytes == 7);
}

TEST_CASE("a strange peer leaves defaults") {
  const char* text =
      R"({"name":7,"bytes":-5,"done":3.0,"rate":2,"eta":1e400,"sources":[{"bytes":4},3],"notes":{},"more":1})";
  const auto row = from_json<rows::download>(json::parse(text));
  CHECK(row.name.empty());
  CHECK(row.bytes == 0);
  CHECK(row.done == 3);
  CHECK(row.rate == 2);
  REQUIRE(row.sources.size() == 2);
  CHECK(row.sources[0].bytes == 4);
  CHECK(row.notes.empty());
  CHECK(from_json<rows::status>(json::parse("[]")).shares.empty());
  CHECK(from_json<std::vector<rows::added>>(json::parse("null")).empty());
}

TEST_CASE("a request names what does not fit") {
  requests::download given;
  std::string strange;
  CHECK(read_json(json::parse(R"({"what":"a","wait":null,"new":1})"), given, &strange));
  CHECK(given.what == "a");
  CHECK(given.wait);
  CHECK_FALSE(read_json(json::parse(R"({"wait":1,"peers":"a"})"), given, &strange));
  CHECK(strange == "peers");
  CHECK_FALSE(read_json(json::parse(R"({"peers":["a",2]})"), given, &strange));
  CHECK(given.peers == std::vector<std::string>{"a"});
  strange.clear();
  CHECK_FALSE(read_json(json::parse("7"), given, &strange));
  CHECK(strange.empty());
}
