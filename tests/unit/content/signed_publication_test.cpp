#include "content/signed_publication.hpp"

#include <catch2/catch.hpp>

#include "content/bencode.hpp"

namespace shoal {
namespace {

template <class Id>
Id id_of(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

const share_id id = id_of<share_id>(7);
const publication claim{id_of<publisher_id>(9), 1'764'396'000'999};

publication made(const publisher_secret& secret, const publication& from = claim) {
  return *signed_by(secret, from, id, "data");
}

TEST_CASE("a signature is right for one id, name and time", "[signed_publication]") {
  const auto secret = *publisher_secret::make();
  publication one = made(secret);
  CHECK(one.is_signed());
  one.of_signature = standing::unchecked;
  CHECK(checked(one, id, "data").of_signature == standing::right);
  CHECK(checked(one, id_of<share_id>(8), "data").of_signature == standing::wrong);
  CHECK(checked(one, id, "datb").of_signature == standing::wrong);
  CHECK(checked(one, id, "data ").of_signature == standing::wrong);
  ++one.ms;
  CHECK(checked(one, id, "data").of_signature == standing::wrong);
  CHECK(checked(claim, id, "data") == claim);
}

TEST_CASE("between peers a publication has one form, and comes back unchecked", "[signed_publication]") {
  const publication one = made(*publisher_secret::make());
  const byte_buffer bytes = packed(one);
  CHECK(bytes.size() == 120);
  const publication read = unpacked_publication(bytes);
  CHECK(read.of_signature == standing::unchecked);
  CHECK(checked(read, id, "data") == one);
  CHECK(unpacked_publication(byte_view(bytes).first(119)) == publication{});
  CHECK(unpacked_publication(byte_buffer(120)) == publication{});
  CHECK(unpacked_publication({}) == publication{});
}

TEST_CASE("a .torrent carries the signature", "[signed_publication]") {
  const publication one = made(*publisher_secret::make());
  const auto torrent_of = [](const publication& of) {
    bencode::writer out;
    out.begin_dictionary();
    out.key("info").begin_dictionary().end();
    write_publication(out, of);
    return out.end().take();
  };
  CHECK(checked(publication_of_torrent(torrent_of(one)), id, "data") == one);
  CHECK(publication_of_torrent(torrent_of(claim)) == publication{});
  for (const char* text : {"", "de", "d5:shoal1:xe", "d5:shoaldee", "d5:shoald9:publishedi-1eee", "d5:shoalli1eee"}) {
    CHECK(publication_of_torrent(as_bytes(text)) == publication{});
  }
}

TEST_CASE("a right signature goes before all others, and nothing displaces it", "[signed_publication]") {
  const auto secret = *publisher_secret::make();
  const publication right = made(secret);
  publication wrong = right;
  wrong.of_signature = standing::wrong;
  wrong.ms += 5;
  publication unchecked = wrong;
  unchecked.of_signature = standing::unchecked;
  const publication unsigned_one{id_of<publisher_id>(1), 1};
  for (const publication& other : {wrong, unchecked, unsigned_one, publication{}}) {
    CHECK(merged(right, other) == right);
    CHECK(merged(other, right) == right);
  }
  CHECK(merged(wrong, unsigned_one) == unsigned_one);
  CHECK(merged(unsigned_one, wrong) == unsigned_one);
  CHECK(merged(unsigned_one, unchecked) == unsigned_one);
  // Or anybody could have the name of a share without a publisher refused.
  CHECK(merged(publication{}, wrong) == publication{});
  // The same publisher's later claim counts; another's does not, whatever time it says.
  publication later = claim;
  later.ms += 10;
  CHECK(merged(right, made(secret, later)) == made(secret, later));
  CHECK(merged(made(secret, later), right) == made(secret, later));
  const publication stranger = made(*publisher_secret::make(), publication{id_of<publisher_id>(9), 1});
  CHECK(merged(right, stranger) == right);
  CHECK(merged(stranger, right) == stranger);
}

TEST_CASE("only the key's own newer version supersedes a signed one", "[signed_publication]") {
  const auto secret = *publisher_secret::make();
  const publication right = made(secret);
  publication later = claim;
  later.ms += 10;
  CHECK(supersedes(made(secret, later), right));
  CHECK_FALSE(supersedes(right, made(secret, later)));
  CHECK_FALSE(supersedes(later, right));
  CHECK_FALSE(supersedes(made(*publisher_secret::make(), later), right));
  publication wrong = made(secret, later);
  wrong.of_signature = standing::wrong;
  CHECK_FALSE(supersedes(wrong, right));
  CHECK_FALSE(supersedes(wrong, claim));
  // A publisher that begins to sign.
  CHECK(supersedes(made(secret, later), claim));
  CHECK(may_replace(right, made(secret, later)));
  CHECK_FALSE(may_replace(right, later));
  CHECK(may_replace(claim, later));
}

TEST_CASE("only a right signature is told to others", "[signed_publication]") {
  publication one = made(*publisher_secret::make());
  CHECK(tellable(one) == one);
  one.of_signature = standing::wrong;
  CHECK(tellable(one) == claim);
}

}  // namespace
}  // namespace shoal
