#include "observe/metrics_text.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

std::string sample_of(metrics_text::format how) {
  metrics_text text(how);
  text.info("x_build", "What it is.", {{"version", "1.0 \"a\\b\""}});
  text.counter({"x_sent", "bytes", "What was sent."}, 12'345'678'901);
  text.gauges({"x_things", {}, "Things by state."}, "state", {{"new", 1}, {"old", 2.5}});
  return std::move(text).finish();
}

}  // namespace

TEST_CASE("the older format names a counter with its suffix") {
  CHECK(sample_of(metrics_text::format::prometheus) ==
        "# HELP x_build_info What it is.\n"
        "# TYPE x_build_info gauge\n"
        "x_build_info{version=\"1.0 \\\"a\\\\b\\\"\"} 1\n"
        "# HELP x_sent_bytes_total What was sent.\n"
        "# TYPE x_sent_bytes_total counter\n"
        "x_sent_bytes_total 12345678901\n"
        "# HELP x_things Things by state.\n"
        "# TYPE x_things gauge\n"
        "x_things{state=\"new\"} 1\n"
        "x_things{state=\"old\"} 2.5\n");
}

TEST_CASE("OpenMetrics names a family without the suffix, tells units and ends") {
  CHECK(sample_of(metrics_text::format::openmetrics) ==
        "# TYPE x_build info\n"
        "# HELP x_build What it is.\n"
        "x_build_info{version=\"1.0 \\\"a\\\\b\\\"\"} 1\n"
        "# TYPE x_sent_bytes counter\n"
        "# UNIT x_sent_bytes bytes\n"
        "# HELP x_sent_bytes What was sent.\n"
        "x_sent_bytes_total 12345678901\n"
        "# TYPE x_things gauge\n"
        "# HELP x_things Things by state.\n"
        "x_things{state=\"new\"} 1\n"
        "x_things{state=\"old\"} 2.5\n"
        "# EOF\n");
}

TEST_CASE("the format is what the client accepts") {
  CHECK(metrics_text::wanted("application/openmetrics-text;version=1.0.0,text/plain;q=0.5") ==
        metrics_text::format::openmetrics);
  CHECK(metrics_text::wanted("*/*") == metrics_text::format::prometheus);
  CHECK(metrics_text::wanted("") == metrics_text::format::prometheus);
}

}  // namespace shoal
