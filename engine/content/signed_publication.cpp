#include "content/signed_publication.hpp"

#include <algorithm>

#include "content/bencode.hpp"

namespace shoal {

namespace {

// With its zero byte.
constexpr std::string_view label("shoal signed share 1", 21);
constexpr std::size_t time_bytes = 8;

void append(byte_buffer& to, byte_view bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_time(byte_buffer& to, std::uint64_t ms) {
  std::array<std::uint8_t, time_bytes> bytes{};
  store_be32(bytes.data(), static_cast<std::uint32_t>(ms >> 32));
  store_be32(bytes.data() + 4, static_cast<std::uint32_t>(ms));
  append(to, bytes);
}

byte_buffer signed_text(const share_id& id, std::string_view name, std::uint64_t ms) {
  byte_buffer text;
  text.reserve(label.size() + share_id::size + time_bytes + name.size());
  append(text, as_bytes(label));
  append(text, id.view());
  append_time(text, ms);
  append(text, as_bytes(name));
  return text;
}

/// Takes the bytes of an id off the front.
template <class Id>
Id taken(byte_view& from) {
  const auto id = Id::from_bytes(from.first(Id::size));
  from = from.subspan(Id::size);
  return *id;
}

template <class Id>
Id member(const bencode::value& of, std::string_view key) {
  const bencode::value* found = of.find(key, bencode::kind::string);
  return found == nullptr ? Id{} : Id::from_bytes(as_bytes(found->string())).value_or(Id{});
}

publication unchecked(publication claim) {
  const bool whole = claim.signer != publisher_key{} && claim.ms <= publication_ms_max;
  if (!whole) return {};
  claim.of_signature = standing::unchecked;
  return claim;
}

}  // namespace

publication checked(publication claim, const share_id& id, std::string_view name) {
  if (claim.of_signature == standing::none) return claim;
  const byte_buffer text = signed_text(id, name, claim.ms);
  claim.of_signature = is_signed_by(claim.signer, text, claim.signature) ? standing::right : standing::wrong;
  return claim;
}

result<publication> signed_by(const publisher_secret& secret, publication claim, const share_id& id,
                              std::string_view name) {
  const auto made = secret.sign(signed_text(id, name, claim.ms));
  if (!made) return made.error();
  claim.signer = secret.key();
  claim.signature = *made;
  claim.of_signature = standing::right;
  return claim;
}

byte_buffer packed(const publication& of) {
  byte_buffer bytes;
  append(bytes, of.publisher.view());
  append_time(bytes, of.ms);
  append(bytes, of.signer.view());
  append(bytes, of.signature.view());
  return bytes;
}

publication unpacked_publication(byte_view bytes) {
  if (bytes.size() != publisher_id::size + time_bytes + publisher_key::size + publisher_signature::size) return {};
  publication claim;
  claim.publisher = taken<publisher_id>(bytes);
  claim.ms = std::uint64_t{load_be32(bytes.data())} << 32 | load_be32(bytes.data() + 4);
  bytes = bytes.subspan(time_bytes);
  claim.signer = taken<publisher_key>(bytes);
  claim.signature = taken<publisher_signature>(bytes);
  return unchecked(claim);
}

void write_publication(bencode::writer& torrent, const publication& of) {
  if (!of.is_signed()) return;
  torrent.key("shoal").begin_dictionary();
  torrent.key("published").integer(static_cast<std::int64_t>(of.ms));
  torrent.key("publisher").string(of.publisher.view());
  torrent.key("signature").string(of.signature.view());
  torrent.key("signer").string(of.signer.view());
  torrent.end();
}

publication publication_of_torrent(byte_view torrent) {
  const auto outer = bencode::skim(torrent);
  const bencode::value* ours = outer ? outer->find("shoal", bencode::kind::dictionary) : nullptr;
  if (ours == nullptr) return {};
  const auto told = bencode::skim(ours->source());
  if (!told) return {};
  const bencode::value* time = told->find("published", bencode::kind::integer);
  if (time == nullptr || time->integer() < 0) return {};
  publication claim;
  claim.publisher = member<publisher_id>(*told, "publisher");
  claim.ms = static_cast<std::uint64_t>(time->integer());
  claim.signer = member<publisher_key>(*told, "signer");
  claim.signature = member<publisher_signature>(*told, "signature");
  return unchecked(claim);
}

}  // namespace shoal
