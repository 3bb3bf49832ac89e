#include "content/checked_signatures.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "content/signed_publication.hpp"

namespace shoal {
namespace {

share_id id_of(std::uint32_t n) {
  share_id id;
  for (std::size_t at = 0; at < 4; ++at) id.bytes[at] = static_cast<std::uint8_t>(n >> (8 * at));
  return id;
}

}  // namespace

TEST_CASE("a verdict is of all that was signed and of nothing else") {
  const publisher_secret ann = *publisher_secret::make();
  publication claim = *signed_by(ann, {.ms = 5}, id_of(1), "x");
  checked_signatures subject;
  claim.of_signature = standing::unchecked;
  CHECK_FALSE(subject.find(claim, id_of(1), "x"));
  CHECK(subject.check(claim, id_of(1), "x").is_signed());
  CHECK(subject.find(claim, id_of(1), "x")->is_signed());
  claim.publisher.bytes.fill(3);
  CHECK(subject.find(claim, id_of(1), "x")->is_signed());
  CHECK_FALSE(subject.find(claim, id_of(2), "x"));
  CHECK_FALSE(subject.find(claim, id_of(1), "y"));
  CHECK(subject.check(claim, id_of(1), "y").of_signature == standing::wrong);
  CHECK(subject.find(claim, id_of(1), "y")->of_signature == standing::wrong);
  publication other = claim;
  other.ms = 6;
  CHECK_FALSE(subject.find(other, id_of(1), "x"));
  CHECK(subject.find({}, id_of(1), "x") == publication{});
  CHECK(subject.size() == 2);
}

TEST_CASE("only so many verdicts are kept, and the oldest are forgotten") {
  checked_signatures subject;
  publication verdict;
  verdict.of_signature = standing::wrong;
  verdict.signer.bytes.fill(1);
  for (std::uint32_t n = 0; n < checked_signatures::kept_max + 10; ++n) subject.keep(verdict, id_of(n), "x");
  CHECK(subject.size() == checked_signatures::kept_max);
  CHECK_FALSE(subject.find(verdict, id_of(9), "x"));
  CHECK(subject.find(verdict, id_of(10), "x"));
}

}  // namespace shoal
