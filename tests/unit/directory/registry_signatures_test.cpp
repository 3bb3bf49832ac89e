#include <catch2/catch.hpp>

#include "show_result.hpp"

#include "directory/registry.hpp"
#include "unit/directory/signed_rows.hpp"

namespace shoal {
namespace {

using namespace testing;

const publisher_secret ann = *publisher_secret::make();
const publisher_secret eve = *publisher_secret::make();

tracking::publish offer_of(const tracking::share_row& row) {
  return {{{row.id, row.name, row.bytes, row.files, row.bytes, row.publication}}};
}

struct bench {
  registry subject;
  time_point now{std::chrono::hours(1)};

  bench() {
    for (std::uint32_t n = 1; n <= 3; ++n) {
      tracking::peer_row row;
      row.peer.bytes[0] = static_cast<std::uint8_t>(n);
      row.name = "host";
      REQUIRE(subject.on_join(tracker_session_id{n}, {row, "192.0.2." + std::to_string(n)}, now).has_value());
    }
  }
  void publish(std::uint32_t by, const tracking::share_row& row) {
    REQUIRE(subject.on_publish(tracker_session_id{by}, offer_of(row), now).has_value());
  }
  void tick() {
    now += registry::verdicts_interval;
    (void)subject.next_batch(now);
    subject.check_invariants();
  }
  /// The only row, after a batch.
  tracking::share_row row() {
    tick();
    const auto all = subject.snapshot().shares;
    REQUIRE(all.size() == 1);
    return all.front();
  }
};

TEST_CASE("the tracker finds out whether a signature is right", "[registry]") {
  bench b;
  const auto right = signed_row(ann, 1, "x", 10);
  b.publish(1, unchecked(right));
  CHECK(b.row().publication == right.publication);
  CHECK(b.subject.next_deadline() == never);
}

TEST_CASE("a wrong signature is listed as wrong, and displaces nothing", "[registry]") {
  bench b;
  auto stolen = signed_row(ann, 1, "x", 10);
  stolen.publication.ms = 99;
  b.publish(1, unchecked(stolen));
  CHECK(b.row().publication.of_signature == standing::wrong);
  b.publish(2, plain_row(1, "x", 5));
  CHECK(b.row().publication == plain_row(1, "x", 5).publication);
  b.publish(1, unchecked(stolen));
  CHECK(b.row().publication == plain_row(1, "x", 5).publication);
  const auto right = signed_row(ann, 1, "x", 10);
  b.publish(3, unchecked(right));
  CHECK(b.row().publication == right.publication);
  for (const auto& other : {unchecked(stolen), plain_row(1, "x", 1), unchecked(signed_row(eve, 1, "x", 1)),
                            unchecked(signed_row(eve, 1, "x", 99))}) {
    b.publish(1, other);
    CHECK(b.row().publication == right.publication);
  }
}

TEST_CASE("a copy of a claim takes no verdict back", "[registry]") {
  bench b;
  const auto right = signed_row(ann, 1, "x", 10);
  b.publish(1, unchecked(right));
  b.tick();
  b.publish(2, unchecked(right));
  b.subject.on_withdraw(tracker_session_id{2}, {{share_number(1)}}, b.now);
  CHECK(b.row().publication == right.publication);
}

TEST_CASE("anybody can sign, so a signature alone renames nothing", "[registry]") {
  bench b;
  b.publish(1, plain_row(1, "x", 1));
  b.publish(2, unchecked(signed_row(eve, 1, "poison", 10)));
  CHECK(b.row().name == "x");
  CHECK_FALSE(b.row().publication.is_signed());
}

TEST_CASE("a signature does not outlive the name that it is for", "[registry]") {
  bench b;
  b.publish(1, unchecked(signed_row(ann, 1, "x", 10)));
  b.publish(2, plain_row(1, "evil", 1));
  CHECK(b.row().publication.is_signed());
  b.subject.on_withdraw(tracker_session_id{1}, {{share_number(1)}}, b.now);
  b.subject.on_withdraw(tracker_session_id{2}, {{share_number(1)}}, b.now);
  b.publish(2, plain_row(1, "evil", 1));
  CHECK(b.row().name == "evil");
  CHECK_FALSE(b.row().publication.is_signed());
}

TEST_CASE("a right signature stays with the name that most holders say", "[registry]") {
  bench b;
  b.publish(1, plain_row(1, "poison", 1));
  b.publish(2, unchecked(signed_row(ann, 1, "x", 10)));
  b.publish(3, unchecked(signed_row(ann, 1, "x", 10)));
  CHECK(b.row().name == "x");
  CHECK(b.row().publication.is_signed());
  for (const std::uint32_t liar : {1u, 3u}) {
    b.publish(liar, plain_row(1, "poison", 1));
    CHECK(b.row().name == "x");
  }
}

TEST_CASE("the peers hear of a signature that was checked later", "[registry]") {
  bench b;
  b.publish(1, plain_row(1, "x", 1));
  b.tick();
  b.publish(2, unchecked(signed_row(ann, 1, "x", 10)));
  b.now += registry::batch_interval;
  const auto batch = b.subject.next_batch(b.now);
  REQUIRE(batch.delta.has_value());
  REQUIRE(batch.delta->message.published.size() == 1);
  CHECK(batch.delta->message.published.front().publication.is_signed());
}

TEST_CASE("who leaves takes its unchecked claims along", "[registry]") {
  bench b;
  b.publish(1, unchecked(signed_row(ann, 1, "x", 10)));
  b.subject.on_withdraw(tracker_session_id{1}, {{share_number(1)}}, b.now);
  b.tick();
  b.publish(2, unchecked(signed_row(ann, 2, "y", 10)));
  b.subject.on_leave(tracker_session_id{2}, b.now);
  b.tick();
  CHECK(b.subject.snapshot().shares.empty());
  CHECK(b.subject.next_deadline() == never);
}

}  // namespace
}  // namespace shoal
