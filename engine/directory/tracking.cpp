#include "directory/tracking.hpp"

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <concepts>
#include <string>
#include <utility>

#include "content/geometry.hpp"
#include "directory/tracking_json.hpp"

namespace shoal::tracking {

static_assert(share_bytes_max == std::uint64_t{pieces_max} * piece_bytes_accepted_max);

// Each overload below describes one struct, both to the reader and to the writer.
template <class T, class Struct>
concept is = std::same_as<std::remove_const_t<T>, Struct>;

using enum presence;

void publication_fields(auto& archive, auto& publication) {
  archive.optional_id("publisher", publication.publisher);
  archive.number("published", publication.ms, optional, publication_ms_max);
}

void fields(auto& archive, is<share_offer> auto& m) {
  archive.id("id", m.id);
  archive.name("name", m.name);
  archive.number("bytes", m.bytes, required, share_bytes_max);
  archive.number("files", m.files, optional);
  archive.number("have", m.have, optional);
  publication_fields(archive, m.publication);
  if (m.have > m.bytes) archive.refuse("have", "is larger than \"bytes\"");
}

void fields(auto& archive, is<hashing_row> auto& m) {
  archive.name("name", m.name);
  archive.number("bytes", m.bytes, required, share_bytes_max);
  archive.number("done", m.done, optional);
  if (m.done > m.bytes) archive.refuse("done", "is larger than \"bytes\"");
}

void fields(auto& archive, is<peer_row> auto& m) {
  archive.id("peer", m.peer);
  archive.name("name", m.name);
  archive.text("address", m.address, address_bytes_max, required);
  archive.number("port", m.port, optional);
  archive.text("version", m.version, version_bytes_max, optional);
  archive.flag("reachable", m.reachable);
  archive.rows("hashing", m.hashing, optional, hashing_rows_max);
  archive.optional_id("key", m.key);
}

void fields(auto& archive, is<share_row> auto& m) {
  archive.id("id", m.id);
  archive.name("name", m.name);
  archive.number("bytes", m.bytes, required, share_bytes_max);
  archive.number("files", m.files, optional);
  archive.number("seeders", m.seeders, optional);
  archive.number("leechers", m.leechers, optional);
  archive.number("held", m.held, optional);
  publication_fields(archive, m.publication);
}

void fields(auto& archive, is<holders_row> auto& m) {
  archive.id("id", m.id);
  archive.number("seeders", m.seeders, required);
  archive.number("leechers", m.leechers, required);
  archive.number("held", m.held, required);
}

void fields(auto& archive, is<endpoint_row> auto& m) {
  archive.id("peer", m.peer);
  archive.text("address", m.address, address_bytes_max, required);
  archive.number("port", m.port, required);
  archive.flag("seeder", m.seeder);
}

void fields(auto& archive, is<join> auto& m) {
  archive.id("peer", m.peer);
  archive.name("name", m.name);
  archive.number("port", m.port, optional);
  archive.text("version", m.version, version_bytes_max, optional);
  archive.text("advertise", m.advertise, address_bytes_max, optional);
  archive.optional_id("token", m.token);
}

void fields(auto& archive, is<publish> auto& m) {
  archive.rows("shares", m.shares, required, shares_per_message_max);
}

void fields(auto& archive, is<withdraw> auto& m) {
  archive.ids("ids", m.ids, required, shares_per_message_max);
}

void fields(auto& archive, is<progress> auto& m) {
  archive.id("id", m.id);
  archive.number("have", m.have, required, share_bytes_max);
}

void fields(auto& archive, is<hashing> auto& m) {
  archive.rows("shares", m.shares, required, hashing_rows_max);
}

void fields(auto& archive, is<watch> auto& m) {
  archive.id("id", m.id);
}

void fields(auto& archive, is<unwatch> auto& m) {
  archive.id("id", m.id);
}

void fields(auto& archive, is<unreached> auto& m) {
  archive.id("id", m.id);
  archive.ids("peers", m.peers, optional, unreached_peers_max);
}

void fields(auto&, is<resync> auto&) {}

void fields(auto&, is<leave> auto&) {}

void fields(auto& archive, is<welcome> auto& m) {
  archive.text("address", m.address, address_bytes_max, required);
  archive.flag("reachable", m.reachable);
  archive.number("heartbeat_ms", m.heartbeat_ms, required);
}

void fields(auto& archive, is<snapshot> auto& m) {
  archive.number("seq", m.seq, required);
  archive.rows("peers", m.peers, required);
  archive.rows("shares", m.shares, required);
}

void fields(auto& archive, is<delta> auto& m) {
  archive.number("seq", m.seq, required);
  archive.rows("joined", m.joined, optional);
  archive.ids("left", m.left, optional);
  archive.rows("published", m.published, optional);
  archive.ids("withdrawn", m.withdrawn, optional);
  archive.rows("progress", m.progress, optional);
}

void fields(auto& archive, is<swarm> auto& m) {
  archive.id("id", m.id);
  archive.rows("joined", m.joined, optional);
  archive.ids("left", m.left, optional);
}

void fields(auto& archive, is<wanted> auto& m) {
  archive.id("id", m.id);
  archive.id("peer", m.peer);
  archive.text("address", m.address, address_bytes_max, required);
  archive.number("port", m.port, required);
}

void fields(auto& archive, is<failure> auto& m) {
  archive.text("code", m.code, name_bytes_max, required);
  archive.text("text", m.text, text_bytes_max, optional);
}

namespace {

/// Deeper than any message (3), so that new members may nest. Bounds the parser's stack.
constexpr std::size_t depth_max = 16;
/// Room for all values of a usual message. Only a long list takes memory from the heap.
constexpr std::size_t parse_bytes = 8 * KiB;

// Names of the types, in the order of the variants.
constexpr std::array<std::string_view, std::variant_size_v<peer_message>> peer_types{
    "join", "publish", "withdraw", "progress", "hashing", "watch", "unwatch", "unreached", "resync", "leave"};
constexpr std::array<std::string_view, std::variant_size_v<tracker_message>> tracker_types{
    "welcome", "snapshot", "delta", "swarm", "wanted", "failure"};

error refusal(std::string text) {
  return {errc::protocol, "live message: " + std::move(text)};
}

template <class Variant, std::size_t Count>
std::string encode_as(const Variant& message, const std::array<std::string_view, Count>& types) {
  json_writer writer(types[message.index()]);
  std::visit([&](const auto& m) { fields(writer, m); }, message);
  return std::move(writer).take();
}

template <class Variant, std::size_t Index = 0>
Variant of_index(std::size_t index) {
  if constexpr (Index + 1 < std::variant_size_v<Variant>) {
    if (index != Index) return of_index<Variant, Index + 1>(index);
  }
  return Variant(std::in_place_index<Index>);
}

template <class Variant, std::size_t Count>
result<Variant> decode_as(std::string_view text, std::size_t bytes_max,
                          const std::array<std::string_view, Count>& types) {
  if (text.size() > bytes_max) {
    return refusal("longer than " + std::to_string(bytes_max) + " bytes; split it");
  }
  std::array<unsigned char, parse_bytes> memory;
  boost::json::monotonic_resource resource(memory.data(), memory.size());
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::error_code ec;
  const boost::json::value parsed = boost::json::parse(text, ec, &resource, options);
  if (ec) return refusal("not JSON: " + ec.message());
  if (!parsed.is_object()) return refusal("not a JSON object");
  const boost::json::object& object = parsed.get_object();
  const boost::json::value* type = object.if_contains("type");
  if (!type || !type->is_string()) return refusal("member \"type\" is missing or not a string");

  const std::string_view name = type->get_string();
  for (std::size_t i = 0; i < Count; ++i) {
    if (types[i] != name) continue;
    Variant message = of_index<Variant>(i);
    json_reader reader(object);
    std::visit([&](auto& m) { fields(reader, m); }, message);
    if (reader.failure()) return refusal("\"" + std::string(types[i]) + "\": " + *reader.failure());
    return message;
  }
  return refusal("unknown type");
}

}  // namespace

std::string encode(const peer_message& message) {
  return encode_as(message, peer_types);
}

std::string encode(const tracker_message& message) {
  return encode_as(message, tracker_types);
}

result<peer_message> decode_peer_message(std::string_view text) {
  return decode_as<peer_message>(text, peer_message_bytes_max, peer_types);
}

result<tracker_message> decode_tracker_message(std::string_view text) {
  return decode_as<tracker_message>(text, tracker_message_bytes_max, tracker_types);
}

}  // namespace shoal::tracking
