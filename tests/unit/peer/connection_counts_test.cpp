#include "peer/session/connection_counts.hpp"

#include <catch2/catch.hpp>

namespace shoal::testing {

namespace {

const auto alice = boost::asio::ip::make_address("192.0.2.1");
const auto bob = boost::asio::ip::make_address("192.0.2.2");

descriptor_budget budget(std::size_t sessions, std::size_t dials) {
  descriptor_budget parts;
  parts.sessions = sessions;
  parts.dials = dials;
  return parts;
}

}  // namespace

TEST_CASE("a dial needs room for itself and for the session that it leads to") {
  connection_counts counts(budget(2, 1));
  CHECK(counts.may_dial());
  counts.on_dial();
  CHECK(counts.dials() == 1);
  CHECK_FALSE(counts.may_dial());
  counts.on_dial_end();
  counts.on_session(std::nullopt);
  CHECK(counts.may_dial());
  counts.on_session(alice);
  CHECK_FALSE(counts.may_begin_session());
  CHECK_FALSE(counts.may_dial());
  counts.on_session_end(alice);
  CHECK(counts.may_dial());
}

TEST_CASE("a download that ends keeps the room of its session") {
  connection_counts counts(budget(1, 1));
  counts.on_session(std::nullopt);
  counts.on_finish();
  counts.on_session_end(std::nullopt);
  CHECK_FALSE(counts.may_begin_session());
  CHECK_FALSE(counts.may_dial());
  counts.on_finish_end();
  CHECK(counts.may_dial());
}

TEST_CASE("one address opens no more sessions than its part, and others theirs") {
  connection_counts counts(budget(10000, 1));
  for (std::size_t i = 0; i < connection_counts::sessions_per_address_max; ++i) {
    REQUIRE(counts.may_call(alice));
    counts.on_session(alice);
  }
  CHECK_FALSE(counts.may_call(alice));
  CHECK(counts.may_call(bob));
  // What we open counts for nobody.
  counts.on_session(std::nullopt);
  CHECK(counts.may_call(bob));
  counts.on_session_end(alice);
  CHECK(counts.may_call(alice));
}

}  // namespace shoal::testing
