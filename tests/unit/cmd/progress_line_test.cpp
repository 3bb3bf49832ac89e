#include "cmd/progress_line.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "cmd/text.hpp"

using namespace shoal;

namespace {

transfer_view half_done() {
  return {.name = "video.mkv",
          .phase = "downloading",
          .reason = "",
          .done = 1'500'000'000,
          .total = 3'000'000'000,
          .rate = 120e6,
          .eta = 13,
          .sources = 3,
          .has_sources = true};
}

}  // namespace

TEST_CASE("a bar of the usual width tells everything") {
  const auto lines = render_bar(half_done(), 100, 9);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("video.mkv  50% [") == 0);
  CHECK(lines[0].find("1.50/3.00 GB  120 MB/s ETA 0:13") != std::string::npos);
  CHECK(lines[0].find("from 3") != std::string::npos);
  const auto filled = std::count(lines[0].begin(), lines[0].end(), '=') + 1;
  const auto bar = lines[0].find(']') - lines[0].find('[') - 1;
  CHECK(static_cast<std::size_t>(filled) == bar / 2);
}

TEST_CASE("no line is wider than the terminal") {
  auto view = half_done();
  view.name = "大きいファイル名がここにあります.mkv";
  view.reason = "waiting for a holder of piece 17, the last one left 12 s ago";
  for (std::size_t width = 1; width < 200; ++width) {
    for (const std::string& line : render_bar(view, width, 30)) {
      INFO(width << " '" << line << "'");
      CHECK(display_width(line) <= width);
    }
  }
}

TEST_CASE("narrow terminals keep the name and the percentage") {
  const auto lines = render_bar(half_done(), 13, 9);
  CHECK(lines[0].starts_with("video.m…  50%"));
}

TEST_CASE("the reason stands below the bar") {
  auto view = half_done();
  view.phase = "waiting";
  view.reason = "no holder is here";
  const auto lines = render_bar(view, 80, 9);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("waiting") != std::string::npos);
  CHECK(lines[0].find("ETA") == std::string::npos);
  CHECK(lines[1] == "  no holder is here");
}

TEST_CASE("below the bar of a slow download stands what holds it up") {
  rows::download row{.name = "video.mkv", .phase = "downloading", .why = "the limit of this peer", .bytes = 100};
  row.elapsed = 5;
  row.eta = 60;
  CHECK(view_of(row, "").reason == "the limit of this peer");
  row.eta = -1;
  CHECK(view_of(row, "").reason == "the limit of this peer");
  // Soon over, or just begun.
  row.eta = 5;
  CHECK(view_of(row, "").reason.empty());
  row.eta = 60;
  row.elapsed = 1;
  CHECK(view_of(row, "").reason.empty());
  // It is known that nothing moves.
  row.elapsed = 5;
  row.reason = "nobody has it";
  CHECK(view_of(row, "").reason == "nobody has it");
}

TEST_CASE("100 % is only said of what is complete") {
  auto view = half_done();
  view.done = view.total - 1;
  CHECK(render_text(view).find("99 %") != std::string::npos);
  view.done = view.total;
  CHECK(render_text(view).find("100 %") != std::string::npos);
  view.done = view.total * 2;
  CHECK(render_bar(view, 80, 9)[0].find("100%") != std::string::npos);
  view.total = 0;
  view.done = 0;
  CHECK(render_text(view).find(": 0 %") != std::string::npos);
}

TEST_CASE("one line for logs") {
  auto view = half_done();
  CHECK(render_text(view) == "video.mkv: 50 %, 1.50/3.00 GB, 120 MB/s, ETA 13 s, 3 sources");
  view.reason = "slow";
  view.eta = -1;
  CHECK(render_text(view) == "video.mkv: 50 %, 1.50/3.00 GB, 120 MB/s, 3 sources; slow");
}

TEST_CASE("a download row becomes a view") {
  const auto row = boost::json::parse(R"({"request":7,"id":"ab","name":"a\u001bb","phase":"downloading","reason":"r",
    "bytes":100,"done":40,"rate":2.5,"eta":24,"sources":[{"state":"active"},{"state":"gone"},{"state":"idle"}]})");
  const auto view = view_of_notice(row.as_object(), "");
  CHECK(view.name == "a\uFFFDb");
  CHECK(view.done == 40);
  CHECK(view.total == 100);
  CHECK(view.eta == 24);
  CHECK(view.sources == 2);
  CHECK(view.reason == "r");
}

TEST_CASE("hashing progress becomes a view with its own ETA") {
  const auto params = boost::json::parse(R"({"what":"hash","path":"/data/big.iso","done":40,"total":100,"rate":20})");
  const auto view = view_of_notice(params.as_object(), "");
  CHECK(view.name == "big.iso");
  CHECK(view.phase == "hashing");
  CHECK(view.eta == 3);
  CHECK_FALSE(view.has_sources);
  CHECK(render_text(view) == "big.iso: 40 %, 40/100 B, 20 B/s, ETA 3 s");
}

TEST_CASE("nonsense in a notice is harmless") {
  for (const char* text : {"{}", R"({"name":7,"bytes":-5,"done":"x","rate":[],"eta":1e300,"sources":{}})",
                           R"({"what":"hash","done":1e300,"total":-1,"rate":-3})"}) {
    const auto view = view_of_notice(boost::json::parse(text).as_object(), "fallback");
    CHECK(view.name == "fallback");
    CHECK(view.eta == -1);
    CHECK(display_width(render_bar(view, 60, 8)[0]) <= 60);
    CHECK_FALSE(render_text(view).empty());
  }
}
