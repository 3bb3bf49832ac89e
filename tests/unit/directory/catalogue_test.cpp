#include "directory/catalogue.hpp"

#include <catch2/catch.hpp>

#include "unit/directory/signed_rows.hpp"

using namespace shoal;

namespace {

tracking::share_row share(std::uint8_t n, std::string name, std::uint32_t seeders = 1) {
  tracking::share_row row;
  row.id.bytes.fill(0xa0);
  row.id.bytes[0] = n;
  row.name = std::move(name);
  row.bytes = 1000u + n;
  row.seeders = seeders;
  return row;
}
tracking::peer_row peer(std::uint8_t n, std::string name, bool reachable = true) {
  tracking::peer_row row;
  row.peer.bytes[0] = n;
  row.name = std::move(name);
  row.reachable = reachable;
  return row;
}
tracking::snapshot snapshot(std::uint64_t seq, std::vector<tracking::share_row> shares,
                            std::vector<tracking::peer_row> peers = {}) {
  tracking::snapshot out;
  out.seq = seq;
  out.shares = std::move(shares);
  out.peers = std::move(peers);
  return out;
}
std::vector<std::string> names(const std::vector<tracking::share_row>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.name);
  return out;
}

}  // namespace

TEST_CASE("a delta changes what the snapshot said", "[catalogue]") {
  catalogue subject;
  subject.on_snapshot(0, snapshot(7, {share(1, "b"), share(2, "a")}, {peer(1, "one"), peer(2, "two")}));
  CHECK(names(subject.shares()) == std::vector<std::string>{"a", "b"});

  tracking::delta delta;
  delta.seq = 8;
  delta.joined = {peer(3, "three"), peer(2, "TWO")};
  delta.left = {peer(1, "").peer};
  delta.published = {share(3, "c")};
  delta.withdrawn = {share(2, "").id};
  delta.progress = {{share(1, "").id, 4, 5, 6}, {share(9, "").id, 1, 1, 1}};
  REQUIRE(subject.on_delta(0, delta));
  CHECK(names(subject.shares()) == std::vector<std::string>{"b", "c"});
  const auto changed = subject.share(share(1, "").id);
  REQUIRE(changed.has_value());
  CHECK(changed->seeders == 4);
  CHECK(changed->leechers == 5);
  CHECK(changed->held == 6);
  REQUIRE(subject.peers().size() == 2);
  CHECK(subject.peers()[0]->name == "TWO");
  CHECK(subject.peer(peer(1, "").peer) == nullptr);
}

TEST_CASE("a gap changes nothing and is reported", "[catalogue]") {
  catalogue subject;
  tracking::delta delta;
  delta.seq = 1;
  delta.published = {share(1, "a")};
  CHECK_FALSE(subject.on_delta(0, delta));  // no snapshot yet
  subject.on_snapshot(0, snapshot(7, {}));
  const auto version = subject.version();
  for (const std::uint64_t seq : {6u, 7u, 9u}) {
    delta.seq = seq;
    CHECK_FALSE(subject.on_delta(0, delta));
  }
  CHECK(subject.shares().empty());
  CHECK(subject.version() == version);
  delta.seq = 8;
  CHECK(subject.on_delta(0, delta));
  CHECK(subject.version() != version);
}

TEST_CASE("several trackers make one catalogue", "[catalogue]") {
  catalogue subject;
  subject.on_snapshot(0, snapshot(1, {share(1, "a", 3), share(2, "b", 1)}, {peer(1, "one", false)}));
  subject.on_snapshot(2, snapshot(5, {share(1, "a", 2), share(3, "c", 1)}, {peer(1, "one", true), peer(2, "two")}));
  CHECK(names(subject.shares()) == std::vector<std::string>{"a", "b", "c"});
  CHECK(subject.share_count() == 3);
  CHECK(subject.shares()[0].seeders == 3);
  REQUIRE(subject.peers().size() == 2);
  CHECK(subject.peer_count() == 2);
  CHECK(subject.peers()[0]->reachable);
  CHECK(subject.peer(peer(1, "").peer)->reachable);
  subject.on_snapshot(2, snapshot(1, {}));
  CHECK(subject.share_count() == 2);
  CHECK(subject.peers().size() == 1);
}

TEST_CASE("what a tracker said that is away counts where no other says something", "[catalogue]") {
  catalogue subject;
  auto busy = peer(1, "one");
  busy.hashing = {{"soon", 10, 1}};
  subject.on_snapshot(0, snapshot(1, {share(1, "a", 3), share(2, "b", 5)}, {busy, peer(2, "two"), peer(3, "three")}));
  subject.on_snapshot(1, snapshot(1, {share(1, "a", 2)}, {peer(1, "uno", false), peer(2, "two")}));
  CHECK(subject.share(share(1, "").id)->seeders == 3);
  CHECK(subject.hashing("soon").size() == 1);
  subject.on_away(0);
  CHECK(subject.share(share(1, "").id)->seeders == 2);
  CHECK(subject.share(share(2, "").id)->seeders == 5);
  CHECK(subject.peer(peer(1, "").peer)->name == "uno");
  CHECK(subject.peers().size() == 3);
  CHECK(subject.hashing("soon").empty());
  // Who leaves now has left everywhere.
  tracking::delta delta;
  delta.seq = 2;
  delta.left = {peer(2, "").peer};
  delta.withdrawn = {share(1, "").id};
  REQUIRE(subject.on_delta(1, delta));
  CHECK(subject.peers().size() == 2);
  CHECK(names(subject.shares()) == std::vector<std::string>{"b"});
  subject.on_away(1);
  CHECK(subject.peer_count() == 2);
  subject.on_snapshot(0, snapshot(9, {share(1, "a", 1)}, {busy}));
  CHECK(subject.share(share(1, "").id)->seeders == 1);
  CHECK(subject.hashing("soon").size() == 1);
}

TEST_CASE("find takes a name, an id, a prefix or a glob", "[catalogue]") {
  catalogue subject;
  subject.on_snapshot(0, snapshot(1, {share(0x11, "movie.mkv"), share(0x22, "movie.srt"), share(0x33, "deadbeef"),
                                      share(0x44, "twice"), share(0x55, "twice"), share(0x66, "odd*name")}));
  const auto one = [&subject](const std::string& what) {
    const auto found = subject.find(what);
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    return found->front().id.bytes[0];
  };
  CHECK(one("movie.mkv") == 0x11);
  CHECK(one(share(0x22, "").id.hex()) == 0x22);
  CHECK(one(share(0x44, "").id.hex().substr(0, 8)) == 0x44);
  CHECK(one("44A0A0A0a0") == 0x44);
  CHECK(one("deadbeef") == 0x33);  // a name before a prefix
  CHECK(one("odd*name") == 0x66);
  CHECK(one("movie.[ms]kv") == 0x11);

  const auto glob = subject.find("movie.*");
  REQUIRE(glob.has_value());
  CHECK(names(*glob) == std::vector<std::string>{"movie.mkv", "movie.srt"});
  CHECK(names(*subject.find("tw*")) == std::vector<std::string>{"twice", "twice"});
  CHECK(names(subject.matching("none*")).empty());

  const auto twice = subject.find("twice");
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().code == errc::ambiguous);
  CHECK(twice.error().text.find("44a0a0a0a0a0, 1068 bytes") != std::string::npos);
  CHECK(twice.error().text.find("55a0a0a0a0a0, 1085 bytes") != std::string::npos);
  CHECK(twice.error().text.find('\n') == std::string::npos);

  const std::string too_short = share(0x44, "").id.hex().substr(0, 7);
  for (const std::string& what : {std::string("nothing"), too_short, std::string("*.zip"), std::string()}) {
    const auto none = subject.find(what);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == errc::not_found);
    CHECK(none.error().text == "no share called '" + what + "' in the catalogue of 6 shares");
    CHECK(none.error().helps == remedy::see_list);
  }
}

TEST_CASE("a name goes before a pattern and a prefix", "[catalogue]") {
  catalogue subject;
  const std::string prefix = share(0x11, "").id.hex().substr(0, 8);
  subject.on_snapshot(0, snapshot(1, {share(0x11, "a"), share(0x22, "[ab]"), share(0x33, "a*"), share(0x44, "ab"),
                                      share(0x55, prefix)}));
  for (const std::string& name : {std::string("[ab]"), std::string("a*"), prefix}) {
    CAPTURE(name);
    CHECK(names(*subject.find(name)) == std::vector<std::string>{name});
    CHECK(names(subject.matching(name)) == std::vector<std::string>{name});
    CHECK(names(subject.named(name)) == std::vector<std::string>{name});
  }
  CHECK(names(subject.matching("a?")) == std::vector<std::string>{"a*", "ab"});
  CHECK(subject.named("a?").empty());
}

TEST_CASE("a prefix of several ids is ambiguous", "[catalogue]") {
  catalogue subject;
  std::vector<tracking::share_row> rows;
  for (std::uint8_t n = 0; n < 8; ++n) {
    rows.push_back(share(0x11, "s" + std::to_string(n)));
    rows.back().id.bytes[31] = n;
  }
  subject.on_snapshot(0, snapshot(1, rows));
  const auto found = subject.find("11a0a0a0");
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().code == errc::ambiguous);
  CHECK(found.error().text.find("means 8 shares") != std::string::npos);
  CHECK(found.error().text.find("and 3 more") != std::string::npos);
}

TEST_CASE("a name means the newest of one publisher", "[catalogue]") {
  auto version = [](std::uint8_t n, std::uint8_t publisher, std::uint64_t ms) {
    auto row = share(n, "m");
    row.publication.publisher.bytes.fill(publisher);
    row.publication.ms = ms;
    return row;
  };
  catalogue subject;
  subject.on_snapshot(0, snapshot(1, {version(1, 7, 100), version(2, 7, 300), version(3, 7, 200), share(4, "x")}));
  const auto found = subject.find("m");
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front().id == share(2, "").id);
  CHECK(subject.find("*")->size() == 2);
  CHECK(subject.matching("*").size() == 4);
  CHECK(subject.find(share(1, "").id.hex())->front().id == share(1, "").id);
  CHECK(subject.find(share(1, "").id.hex().substr(0, 10))->front().id == share(1, "").id);

  // What was published anew is the newest, whoever of the trackers says so.
  subject.on_snapshot(1, snapshot(1, {version(1, 7, 400)}));
  CHECK(subject.find("m")->front().id == share(1, "").id);

  CHECK(subject.has_newer("m", version(2, 7, 300).publication));
  CHECK_FALSE(subject.has_newer("m", version(1, 7, 400).publication));
  CHECK_FALSE(subject.has_newer("m", version(9, 8, 1).publication));
  CHECK_FALSE(subject.has_newer("x", version(2, 7, 300).publication));
  CHECK_FALSE(subject.has_newer("m", publication{}));

  // Another publisher's is another share, and so is one of which nobody knows who published it.
  subject.on_snapshot(1, snapshot(1, {version(5, 8, 50)}));
  CHECK(subject.find("m").error().code == errc::ambiguous);
  subject.on_snapshot(1, snapshot(1, {share(6, "m")}));
  CHECK(subject.find("m").error().code == errc::ambiguous);
}

TEST_CASE("each signature is checked once, and counts only then", "[catalogue]") {
  const auto ann = *publisher_secret::make();
  const auto right = testing::signed_row(ann, 1, "m", 10);
  catalogue subject;
  subject.on_snapshot(0, snapshot(1, {testing::unchecked(right), share(2, "n")}));
  CHECK(subject.unchecked_count() == 1);
  auto rows = subject.next_unchecked(10);
  REQUIRE(rows.size() == 1);
  CHECK(subject.unchecked_count() == 0);
  CHECK(subject.next_unchecked(10).empty());
  CHECK_FALSE(subject.share(right.id)->publication.is_signed());
  rows[0].publication = checked(rows[0].publication, rows[0].id, rows[0].name);
  subject.on_checked(rows[0]);
  CHECK(subject.share(right.id)->publication == right.publication);
  // The same claim again, from this tracker and another one.
  subject.on_snapshot(0, snapshot(5, {testing::unchecked(right)}));
  subject.on_snapshot(1, snapshot(1, {testing::unchecked(right)}));
  CHECK(subject.unchecked_count() == 0);
  CHECK(subject.share(right.id)->publication == right.publication);
  // Under another name it is another claim.
  auto renamed = testing::unchecked(right);
  renamed.name = "other";
  subject.on_snapshot(1, snapshot(2, {renamed}));
  CHECK(subject.unchecked_count() == 1);
  CHECK(subject.share(right.id)->publication == right.publication);
}

TEST_CASE("no tracker gives a signed share another name", "[catalogue]") {
  const auto right = testing::signed_row(*publisher_secret::make(), 1, "m", 10);
  auto renamed = testing::plain_row(1, "other", 10);
  for (const std::size_t liar : {0u, 1u}) {
    catalogue subject;
    subject.on_snapshot(liar, snapshot(1, {renamed}));
    subject.on_snapshot(1 - liar, snapshot(1, {right}));
    CHECK(names(subject.shares()) == std::vector<std::string>{"m"});
    CHECK(subject.share(right.id)->name == "m");
    CHECK(subject.named("other").empty());
    CHECK(subject.named("m").size() == 1);
  }
}

TEST_CASE("only the key's own newer version hides a signed one", "[catalogue]") {
  const auto ann = *publisher_secret::make();
  const auto eve = *publisher_secret::make();
  const auto kept = [](std::vector<tracking::share_row> rows) {
    std::vector<std::uint8_t> numbers;
    for (const auto& row : catalogue::newest(std::move(rows))) numbers.push_back(row.id.bytes[0]);
    return numbers;
  };
  using numbers = std::vector<std::uint8_t>;
  using namespace testing;
  CHECK(kept({signed_row(ann, 1, "m", 10), signed_row(ann, 2, "m", 20)}) == numbers{2});
  CHECK(kept({signed_row(ann, 1, "m", 10), signed_row(eve, 2, "m", 20)}) == numbers{1, 2});
  CHECK(kept({signed_row(ann, 1, "m", 10), plain_row(2, "m", 20)}) == numbers{1, 2});
  CHECK(kept({signed_row(ann, 1, "m", 10), wrong(signed_row(ann, 2, "m", 20))}) == numbers{1, 2});
  CHECK(kept({plain_row(1, "m", 10), signed_row(ann, 2, "m", 20)}) == numbers{2});
}

TEST_CASE("what is hashed is found by name until it is listed", "[catalogue]") {
  catalogue subject;
  auto busy = peer(1, "seed");
  busy.hashing = {{"big", 1000, 126}, {"next", 0, 0}, {"b", 10, 10}};
  subject.on_snapshot(0, snapshot(1, {share(1, "b")}, {busy, peer(2, "two")}));
  subject.on_snapshot(1, snapshot(1, {}, {busy}));
  CHECK(subject.hashing("b").empty());
  CHECK(subject.hashing("bi").empty());
  REQUIRE(subject.hashing("big").size() == 1);
  CHECK(text_of(subject.hashing("big")[0]) == "seed is still hashing big (12 %)");
  const auto all = subject.hashing("*");
  REQUIRE(all.size() == 2);
  CHECK(text_of(all[1]) == "seed is still hashing next (0 %)");
  CHECK(subject.hashing_count() == 3);
  // A peer that left hashes nothing any more.
  tracking::delta delta;
  delta.seq = 2;
  delta.left = {busy.peer};
  REQUIRE(subject.on_delta(0, delta));
  REQUIRE(subject.on_delta(1, delta));
  CHECK(subject.hashing("*").empty());
  CHECK(subject.hashing_count() == 0);
  ++delta.seq;
  delta.left.clear();
  delta.joined = {busy, busy};
  delta.joined.back().hashing.resize(1);
  REQUIRE(subject.on_delta(0, delta));
  CHECK(subject.hashing_count() == 1);
  CHECK(subject.peer_count() == 2);
}

TEST_CASE("of what is hashed never all is done", "[catalogue]") {
  CHECK(text_of({"x", {}, "seed", 10, 10}) == "seed is still hashing x (99 %)");
}

TEST_CASE("what this peer has is called what it is called, whatever a tracker says", "[catalogue]") {
  catalogue subject;
  auto rumour = share(1, "virus.exe", 3);
  rumour.bytes = 1;
  subject.on_snapshot(0, snapshot(1, {rumour, share(2, "other")}));
  auto own = share(1, "honest");
  auto unknown = share(2, "?", 0);
  unknown.bytes = 0;
  subject.on_own(snapshot(0, {own, unknown}));
  CHECK(names(subject.shares()) == std::vector<std::string>{"honest", "other"});
  CHECK(subject.named("virus.exe").empty());
  REQUIRE(subject.find("honest").has_value());
  CHECK(subject.find("honest")->front().bytes == own.bytes);
  CHECK(subject.share(own.id)->seeders == 3);
  CHECK(subject.share(own.id)->name == "honest");
  CHECK(subject.share(unknown.id)->bytes == share(2, "").bytes);
}

TEST_CASE("deltas without end do not fill the memory", "[catalogue]") {
  catalogue subject;
  subject.on_snapshot(0, snapshot(0, {}));
  std::uint32_t next = 0;
  tracking::delta delta;
  for (delta.seq = 1; delta.seq < 100; ++delta.seq) {
    delta.joined.assign(10'000, peer(0, "p"));
    for (auto& row : delta.joined) store_be32(row.peer.bytes.data(), next++);
    if (!subject.on_delta(0, delta)) break;
  }
  CHECK(delta.seq < 100);
  CHECK(subject.peer_count(0) <= 2 * tracking::peers_max);
  // And what was hashed counts, too.
  subject.on_snapshot(0, snapshot(0, {}));
  for (delta.seq = 1; delta.seq < 1000; ++delta.seq) {
    delta.joined.assign(10, peer(0, "p"));
    for (auto& row : delta.joined) {
      store_be32(row.peer.bytes.data(), next++);
      row.hashing.assign(tracking::hashing_rows_max, {std::string(tracking::name_bytes_max, 'x'), 1, 0});
    }
    if (!subject.on_delta(0, delta)) break;
  }
  CHECK(delta.seq < 1000);
  // A snapshot begins anew.
  subject.on_snapshot(0, snapshot(7, {share(1, "a")}));
  CHECK(subject.share_count() == 1);
}
