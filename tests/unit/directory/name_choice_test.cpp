#include "directory/name_choice.hpp"

#include <catch2/catch.hpp>

#include "unit/directory/signed_rows.hpp"

namespace shoal {
namespace {

using namespace testing;
using Catch::Contains;

const publisher_secret ann = *publisher_secret::make();
const publisher_secret bob = *publisher_secret::make();
constexpr std::uint64_t day = 86'400'000;

trust_list trusting(std::initializer_list<std::pair<const publisher_secret*, const char*>> who) {
  std::string text;
  for (const auto& [secret, name] : who) text += trust_line(secret->key(), name) + "\n";
  return *trust_list::parse(text);
}

known_publishers knowing(const tracking::share_row& row) {
  known_publishers known;
  CHECK(known.on_seen(row.name, {row.publication.signer, row.id, row.publication.ms}));
  return known;
}

std::vector<share_id> ids(const name_choice& chosen) {
  std::vector<share_id> all;
  for (const auto& row : chosen.rows) all.push_back(row.id);
  return all;
}

std::string refusal(const name_choice& chosen) {
  CHECK(chosen.rows.empty());
  REQUIRE(chosen.refused.size() >= 1);
  CHECK(chosen.refused.front().code == errc::verification);
  return chosen.refused.front().text;
}

TEST_CASE("an unsigned swarm is as it was", "[name_choice]") {
  const auto chosen =
      choose("x", {plain_row(1, "x", day), plain_row(2, "x", 2 * day), plain_row(3, "x", 1, 2)}, {}, {});
  CHECK(ids(chosen) == std::vector{share_number(2), share_number(3)});
  CHECK(chosen.refused.empty());
}

TEST_CASE("with a trust list only its publishers count", "[name_choice]") {
  const auto trust = trusting({{&ann, "Ann"}});
  const std::vector rows{plain_row(1, "x", day, 2), signed_row(ann, 2, "x", day), signed_row(bob, 3, "x", 9 * day),
                         signed_row(ann, 4, "x", 2 * day)};
  CHECK(ids(choose("x", rows, trust, {})) == std::vector{share_number(4)});
  CHECK_THAT(refusal(choose("x", {rows[0]}, trust, {})), Contains("not signed"));
  CHECK_THAT(refusal(choose("x", {rows[2]}, trust, {})),
             Contains(fingerprint(bob.key())) && Contains("not in the trust list"));
  CHECK_THAT(refusal(choose("x", {rows[2]}, trust, knowing(rows[1]))),
             Contains("publisher key was replaced") && Contains("Ann"));
}

TEST_CASE("two trusted publishers of one name are both shown", "[name_choice]") {
  const auto trust = trusting({{&ann, "Ann"}, {&bob, "Bob"}});
  const auto chosen = choose("x", {signed_row(ann, 1, "x", day), signed_row(bob, 2, "x", day)}, trust, {});
  CHECK(ids(chosen) == std::vector{share_number(1), share_number(2)});
  const error asked = ambiguity("x", chosen.rows, trust);
  CHECK(asked.code == errc::ambiguous);
  CHECK_THAT(asked.text, Contains("id 010101010101") && Contains("id 020202020202"));
  CHECK_THAT(asked.text, Contains("Ann") && Contains("Bob") && Contains(fingerprint(bob.key())));
}

TEST_CASE("a wrong signature is refused even without a trust list", "[name_choice]") {
  const auto stolen = [](std::uint8_t n) {
    auto row = wrong(signed_row(ann, n, "x", day));
    row.publication.signature = signed_row(ann, 1, "x", day).publication.signature;
    return row;
  };
  CHECK_THAT(refusal(choose("x", {stolen(2)}, {}, {})),
             Contains("signature is wrong") && Contains(fingerprint(ann.key())));
  const auto chosen = choose("x", {signed_row(ann, 1, "x", day), stolen(2)}, {}, {});
  CHECK(ids(chosen) == std::vector{share_number(1)});
  CHECK_THAT(chosen.refused.at(0).text, Contains("belongs to another id, 010101010101"));
  // It hides no unsigned version either.
  CHECK(ids(choose("x", {plain_row(3, "x", 1), stolen(2)}, {}, {})) == std::vector{share_number(3)});
}

TEST_CASE("an old version that comes back is refused", "[name_choice]") {
  const auto old = signed_row(ann, 1, "x", day);
  const auto known = knowing(signed_row(ann, 2, "x", 2 * day));
  for (const auto& trust : {trust_list(), trusting({{&ann, "Ann"}})}) {
    CHECK_THAT(refusal(choose("x", {old}, trust, known)), Contains("older version") && Contains("1970-01-02") &&
                                                              Contains("1970-01-03") &&
                                                              Contains("give the id 010101010101"));
    // Both at once: the newer one counts, and nobody is refused.
    CHECK(ids(choose("x", {old, signed_row(ann, 2, "x", 2 * day)}, trust, known)) == std::vector{share_number(2)});
    CHECK(ids(choose("x", {signed_row(ann, 3, "x", 3 * day)}, trust, known)) == std::vector{share_number(3)});
  }
  CHECK(choose("y", {signed_row(ann, 1, "y", day)}, {}, known).refused.empty());
}

TEST_CASE("a publisher key that was replaced is refused", "[name_choice]") {
  const auto known = knowing(signed_row(ann, 1, "x", day));
  CHECK_THAT(
      refusal(choose("x", {signed_row(bob, 2, "x", 2 * day)}, {}, known)),
      Contains("publisher key was replaced") && Contains(fingerprint(bob.key())) && Contains(fingerprint(ann.key())));
  CHECK_THAT(refusal(choose("x", {plain_row(2, "x", 2 * day)}, {}, known)), Contains("not signed"));
  // Nobody can take a name from its known publisher by using it, too.
  CHECK(ids(choose("x", {signed_row(bob, 2, "x", 2 * day), signed_row(ann, 3, "x", 2 * day)}, {}, known)) ==
        std::vector{share_number(3)});
  // The same content is the same content.
  CHECK(ids(choose("x", {plain_row(1, "x", 5)}, {}, known)) == std::vector{share_number(1)});
  // The user put the new key into the list.
  CHECK(ids(choose("x", {signed_row(bob, 2, "x", 2 * day)}, trusting({{&bob, "Bob"}}), known)) ==
        std::vector{share_number(2)});
}

TEST_CASE("what was seen signed by who counts stays signed", "[name_choice]") {
  const auto seen = signed_row(ann, 1, "x", day);
  const auto known = knowing(seen);
  const auto trust = trusting({{&ann, "Ann"}});
  for (const auto& now : {signed_row(bob, 1, "x", 1), plain_row(1, "x", 9 * day), wrong(seen), unchecked(seen)}) {
    const auto chosen = choose("x", {now}, trust, known);
    REQUIRE(chosen.rows.size() == 1);
    CHECK(chosen.rows[0] == now);
    CHECK(ids(choose("x", {now}, {}, known)) == std::vector{share_number(1)});
    CHECK(ids(choose("x", {now, signed_row(ann, 2, "x", 2 * day)}, trust, known)) == std::vector{share_number(2)});
    CHECK(choose("x", {now}, trust, {}).rows.size() == 0);
  }
}

TEST_CASE("many refused shares of a name are one line", "[name_choice]") {
  std::vector<tracking::share_row> rows;
  for (std::uint8_t n = 1; n < 100; ++n) rows.push_back(wrong(signed_row(ann, n, "x", day)));
  CHECK_THAT(refusal(choose("x", rows, {}, {})), Contains("98 more"));
}

}  // namespace
}  // namespace shoal
