#include "directory/id_owners.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

using relation = id_owners::relation;

const time_point start{std::chrono::hours(1)};

peer_id peer(std::uint8_t n) {
  peer_id id;
  id.bytes[19] = n;
  return id;
}
tracking::join_token token(std::uint8_t n) {
  tracking::join_token made;
  made.bytes[0] = n;
  return made;
}
const tracking::join_token none;

}  // namespace

TEST_CASE("only its owner's token gives an id back", "[id_owners]") {
  id_owners subject;
  CHECK(subject.relation_of(peer(1), token(1), "a", start) == relation::vacant);
  subject.on_join(peer(1), token(1), "a", start);
  CHECK(subject.relation_of(peer(1), token(1), "a", start) == relation::owner);
  CHECK(subject.relation_of(peer(1), token(1), "elsewhere", start) == relation::owner);
  CHECK(subject.relation_of(peer(1), token(2), "elsewhere", start) == relation::other);
  CHECK(subject.relation_of(peer(1), none, "elsewhere", start) == relation::other);
  CHECK(subject.relation_of(peer(1), token(2), "a", start) == relation::asks);
  CHECK(subject.relation_of(peer(2), none, "a", start) == relation::vacant);
  subject.check_invariants();
}

TEST_CASE("an owner without a token is known by its address", "[id_owners]") {
  id_owners subject;
  subject.on_join(peer(1), none, "a", start);
  CHECK(subject.relation_of(peer(1), none, "a", start) == relation::asks);
  CHECK(subject.relation_of(peer(1), none, "b", start) == relation::other);
  subject.on_leave(peer(1), start);
  CHECK(subject.relation_of(peer(1), none, "b", start) == relation::vacant);
  CHECK(subject.size() == 0);
}

TEST_CASE("who left keeps its id for a while", "[id_owners]") {
  id_owners subject;
  subject.on_join(peer(1), token(1), "a", start);
  subject.on_leave(peer(1), start);
  const time_point later = start + id_owners::kept_for - std::chrono::seconds(1);
  CHECK(subject.relation_of(peer(1), token(2), "a", later) == relation::other);
  CHECK(subject.relation_of(peer(1), token(1), "b", later) == relation::owner);
  subject.on_join(peer(1), token(1), "b", later);
  subject.on_leave(peer(1), later);
  CHECK(subject.relation_of(peer(1), none, "b", start + id_owners::kept_for) == relation::other);
  CHECK(subject.relation_of(peer(1), none, "b", later + id_owners::kept_for) == relation::vacant);
  subject.check_invariants();
}

TEST_CASE("who was taken for dead takes its id back", "[id_owners]") {
  id_owners subject;
  subject.on_join(peer(1), token(1), "a", start);
  subject.on_join(peer(1), token(2), "a", start);
  subject.on_join(peer(1), token(3), "a", start);
  CHECK(subject.relation_of(peer(1), token(2), "b", start) == relation::other);
  CHECK(subject.relation_of(peer(1), token(1), "b", start) == relation::owner);
  subject.on_join(peer(1), token(1), "b", start);
  CHECK(subject.relation_of(peer(1), token(3), "b", start) == relation::asks);
  CHECK(subject.relation_of(peer(1), token(3), "a", start) == relation::other);
}

TEST_CASE("a crowd that comes and goes takes no id from others", "[id_owners]") {
  id_owners subject;
  subject.on_join(peer(1), token(1), "a", start);
  subject.on_leave(peer(1), start);
  for (std::uint32_t n = 0; n < 3 * id_owners::kept_per_address_max; ++n) {
    peer_id one = peer(2);
    store_be32(one.bytes.data(), n);
    subject.on_join(one, token(2), "b", start);
    subject.on_leave(one, start);
  }
  subject.check_invariants();
  CHECK(subject.size() == 1 + id_owners::kept_per_address_max);
  CHECK(subject.relation_of(peer(1), token(2), "a", start) == relation::other);
}
