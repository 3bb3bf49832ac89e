#include "directory/tracking.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "content/geometry.hpp"
#include "directory/json_items.hpp"
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
  archive.optional_id("signer", publication.signer);
  archive.optional_id("signature", publication.signature);
  const bool has_signer = publication.signer != publisher_key{};
  if (has_signer != (publication.signature != publisher_signature{})) {
    archive.refuse("signer", "and \"signature\" go together");
  }
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(publication)>>) {
    if (has_signer) publication.of_signature = standing::unchecked;
  }
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

void fields(auto& archive, is<tracker_row> auto& m) {
  archive.text("where", m.where, tracker_bytes_max, required);
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

void fields(auto& archive, is<list_peers> auto& m) {
  archive.optional_id("after", m.after);
}

void fields(auto&, is<leave> auto&) {}

void fields(auto&, is<look> auto&) {}

void fields(auto& archive, is<welcome> auto& m) {
  archive.text("address", m.address, address_bytes_max, required);
  archive.flag("reachable", m.reachable);
  archive.number("heartbeat_ms", m.heartbeat_ms, required);
  archive.rows("trackers", m.trackers, optional, trackers_max);
}

void fields(auto& archive, is<snapshot> auto& m) {
  archive.number("seq", m.seq, required);
  archive.optional_number("unlisted", m.unlisted, peers_max);
  archive.rows("peers", m.peers, required, peers_max);
  archive.rows("shares", m.shares, required, shares_max);
}

void fields(auto& archive, is<delta> auto& m) {
  archive.number("seq", m.seq, required);
  archive.optional_number("unlisted", m.unlisted, peers_max);
  archive.rows("joined", m.joined, optional, peers_max);
  archive.ids("left", m.left, optional, peers_max);
  archive.rows("published", m.published, optional, shares_max);
  archive.ids("withdrawn", m.withdrawn, optional, shares_max);
  archive.rows("progress", m.progress, optional, shares_max);
}

void fields(auto& archive, is<swarm> auto& m) {
  archive.id("id", m.id);
  archive.rows("joined", m.joined, optional, peers_max);
  archive.ids("left", m.left, optional, peers_max);
}

void fields(auto& archive, is<wanted> auto& m) {
  archive.id("id", m.id);
  archive.id("peer", m.peer);
  archive.text("address", m.address, address_bytes_max, required);
  archive.number("port", m.port, required);
}

void fields(auto& archive, is<peers_page> auto& m) {
  archive.optional_id("after", m.after);
  archive.flag("last", m.last);
  archive.rows("peers", m.peers, required, peers_per_page_max);
}

void fields(auto& archive, is<failure> auto& m) {
  archive.text("code", m.code, name_bytes_max, required);
  archive.text("text", m.text, text_bytes_max, optional);
}

namespace {

// Names of the types, in the order of the variants.
constexpr std::array<std::string_view, std::variant_size_v<peer_message>> peer_types{
    "join",    "publish",   "withdraw", "progress",   "hashing", "watch",
    "unwatch", "unreached", "resync",   "list_peers", "leave",   "look"};
constexpr std::array<std::string_view, std::variant_size_v<tracker_message>> tracker_types{
    "welcome", "snapshot", "delta", "swarm", "wanted", "peers_page", "failure"};

// What rows take at most without their texts: punctuation, names of members, ids and numbers.
constexpr std::size_t peer_row_bytes = 256;
constexpr std::size_t hashing_row_bytes = 80;
constexpr std::size_t share_row_bytes = 840;

error refusal(std::string text) {
  return {errc::protocol, "live message: " + std::move(text)};
}

template <class Variant, std::size_t Count>
std::string encode_as(const Variant& message, const std::array<std::string_view, Count>& types,
                      const text_parts* parts = nullptr) {
  json_writer writer(types[message.index()], parts);
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

/// Puts the members of one message together, as they come.
template <class Variant>
class assembly final : public json_items_receiver {
 public:
  template <std::size_t Count>
  explicit assembly(const std::array<std::string_view, Count>& types) : types_(types) {}

  void on_member(std::string_view key, const boost::json::value& value) override {
    if (key == "type" && value.is_string()) return on_type(value.get_string());
    if (members_.size() < members_max) members_[key] = value;
  }
  bool on_list(std::string_view key) override {
    if (key == "type" || !message_) {
      if (lists_early_.size() < members_max) lists_early_.emplace(key);
      return false;
    }
    list_finder finder(key);
    std::visit([&](auto& m) { fields(finder, m); }, *message_);
    if (!finder.found()) {
      // A list where something else belongs is noticed at the end.
      on_member(key, nullptr);
      return false;
    }
    lists_.emplace(key);
    list_ = key;
    return true;
  }
  bool on_item(const boost::json::value& item) override {
    item_reader reader(list_, item);
    std::visit([&](auto& m) { fields(reader, m); }, *message_);
    if (reader.failure()) return fail(*reader.failure());
    return true;
  }

  /// What is wrong so far, in the words of a refusal.
  const std::optional<std::string>& failure() const { return failure_; }
  result<Variant> finish() {
    if (failure_) return refusal(*failure_);
    if (!message_) return refusal("member \"type\" is missing or not a string");
    member_reader reader(members_, lists_, lists_early_);
    std::visit([&](auto& m) { fields(reader, m); }, *message_);
    if (reader.failure()) fail(*reader.failure());
    if (failure_) return refusal(*failure_);
    return std::move(*message_);
  }

 private:
  /// More than any message has, so that new ones may come.
  static constexpr std::size_t members_max = 64;

  bool fail(const std::string& what) {
    if (!failure_) failure_ = "\"" + std::string(types_[message_->index()]) + "\": " + what;
    return false;
  }
  void on_type(std::string_view name) {
    const auto found = std::ranges::find(types_, name);
    if (message_ || found == types_.end()) {
      if (!failure_) failure_ = message_ ? "two types" : "unknown type";
      return;
    }
    message_ = of_index<Variant>(static_cast<std::size_t>(found - types_.begin()));
  }

  std::span<const std::string_view> types_;
  std::optional<Variant> message_;
  boost::json::object members_;
  std::set<std::string, std::less<>> lists_;        ///< that were read
  std::set<std::string, std::less<>> lists_early_;  ///< that came before the type, and were not read
  std::string list_;                                ///< that is being read
  std::optional<std::string> failure_;
};

template <class Variant, std::size_t Count>
result<Variant> decode_as(std::string_view text, std::size_t bytes_max,
                          const std::array<std::string_view, Count>& types) {
  if (text.size() > bytes_max) {
    return refusal("longer than " + std::to_string(bytes_max) + " bytes; split it");
  }
  assembly<Variant> parts(types);
  json_items reading(parts);
  auto wrong = reading.write(text);
  if (parts.failure()) return refusal(*parts.failure());
  if (!wrong) wrong = reading.finish();
  if (wrong) return refusal(*wrong);
  return parts.finish();
}

}  // namespace

std::size_t encoded_bytes_max(const peer_row& row) {
  // Each byte of a text may need a backslash.
  std::size_t bytes = peer_row_bytes + 2 * (row.name.size() + row.address.size() + row.version.size());
  for (const hashing_row& one : row.hashing) bytes += hashing_row_bytes + 2 * one.name.size();
  return bytes;
}

std::size_t encoded_bytes_max(const share_row& row) {
  return share_row_bytes + 2 * row.name.size();
}

std::string encode(const peer_message& message) {
  return encode_as(message, peer_types);
}

std::string encode(const tracker_message& message) {
  return encode_as(message, tracker_types);
}

std::string encode(const tracker_message& message, const text_parts& parts) {
  return encode_as(message, tracker_types, &parts);
}

result<peer_message> decode_peer_message(std::string_view text) {
  return decode_as<peer_message>(text, peer_message_bytes_max, peer_types);
}

result<tracker_message> decode_tracker_message(std::string_view text) {
  return decode_as<tracker_message>(text, tracker_message_bytes_max, tracker_types);
}

struct tracker_message_decoder::state {
  assembly<tracker_message> parts{tracker_types};
  json_items reading{parts};
  std::size_t bytes = 0;
};

tracker_message_decoder::tracker_message_decoder() : state_(std::make_unique<state>()) {}

tracker_message_decoder::~tracker_message_decoder() = default;

result<void> tracker_message_decoder::write(std::string_view piece) {
  state_->bytes += piece.size();
  if (state_->bytes > tracker_message_bytes_max) return refusal("it is too long");
  const auto wrong = state_->reading.write(piece);
  if (state_->parts.failure()) return refusal(*state_->parts.failure());
  if (wrong) return refusal(*wrong);
  return {};
}

result<tracker_message> tracker_message_decoder::finish() {
  if (const auto wrong = state_->reading.finish()) return refusal(*wrong);
  return state_->parts.finish();
}

}  // namespace shoal::tracking
