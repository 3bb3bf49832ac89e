#include "wire/extension.hpp"

#include <algorithm>
#include <utility>

#include "content/bencode.hpp"
#include "content/signed_publication.hpp"
#include "core/rate_text.hpp"
#include "core/sha256.hpp"

namespace shoal::wire {

namespace {

/// Real handshakes take some hundred bytes. Bounds the cost of parsing hostile ones.
constexpr std::size_t handshake_payload_bytes_max = 16 * KiB;
/// Real dictionaries before metadata take some 50 bytes.
constexpr std::size_t metadata_dictionary_bytes_max = 1 * KiB;
constexpr std::size_t client_bytes_max = 64;

error refusal(std::string text) {
  return {errc::protocol, std::move(text)};
}

/// The integer with this key, clamped; `fallback` if there is none.
template <class Integer>
Integer clamped(const bencode::value& from, std::string_view key, Integer lowest, Integer highest, Integer fallback) {
  const bencode::value* found = from.find(key, bencode::kind::integer);
  if (!found) return fallback;
  return static_cast<Integer>(std::clamp<std::int64_t>(found->integer(), lowest, highest));
}

/// The integer with this key if it lies in the range; nothing otherwise.
std::optional<std::uint32_t> within(const bencode::value& from, std::string_view key, std::uint32_t lowest,
                                    std::uint32_t highest) {
  const bencode::value* found = from.find(key, bencode::kind::integer);
  if (!found || found->integer() < lowest || found->integer() > highest) return std::nullopt;
  return static_cast<std::uint32_t>(found->integer());
}

std::optional<std::uint8_t> extension_id(const bencode::value& names, std::string_view name) {
  // BEP 10: 0 switches the extension off.
  const auto id = within(names, name, 1, 255);
  if (!id) return std::nullopt;
  return static_cast<std::uint8_t>(*id);
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, client_bytes_max));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

byte_buffer packed(const std::vector<piece_index>& pieces) {
  byte_buffer out(4 * pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) store_be32(out.data() + 4 * i, pieces[i].value());
  return out;
}

result<std::vector<piece_index>> unpacked(const bencode::value& from, std::string_view key) {
  std::vector<piece_index> pieces;
  const bencode::value* found = from.find(key, bencode::kind::string);
  if (!found) return pieces;
  const std::string_view bytes = found->string();
  if (bytes.size() % 4 != 0 || bytes.size() / 4 > hinted_pieces_max) {
    return refusal("hint with " + std::to_string(bytes.size()) + " bytes of " + std::string(key) + " pieces");
  }
  for (std::size_t at = 0; at < bytes.size(); at += 4) pieces.emplace_back(load_be32(as_bytes(bytes).data() + at));
  return pieces;
}

}  // namespace

byte_buffer encode(const extension_handshake& message) {
  bencode::writer out;
  out.begin_dictionary();
  out.key("m").begin_dictionary();
  if (message.shoal) out.key("shoal").integer(*message.shoal);
  if (message.shoal_files) out.key("shoal_files").integer(*message.shoal_files);
  if (message.ut_metadata) out.key("ut_metadata").integer(*message.ut_metadata);
  out.end();
  if (message.metadata_bytes > 0) out.key("metadata_size").integer(message.metadata_bytes);
  if (message.listen_port > 0) out.key("p").integer(message.listen_port);
  out.key("reqq").integer(message.requests_queued);
  out.key("shoal").begin_dictionary();
  if (message.attributes_bytes > 0) out.key("files_bytes").integer(message.attributes_bytes);
  out.key("request_bytes").integer(message.request_bytes);
  if (message.published.of_signature != standing::none) out.key("signed").string(packed(message.published));
  out.end();
  if (!message.client.empty()) out.key("v").string(message.client);
  out.end();
  return out.take();
}

result<extension_handshake> decode_extension_handshake(byte_view payload) {
  if (payload.size() > handshake_payload_bytes_max) {
    return refusal("extension handshake is longer than " + std::to_string(handshake_payload_bytes_max) + " bytes");
  }
  const auto parsed = bencode::parse(payload);
  if (!parsed) return refusal("extension handshake: " + parsed.error().text);
  if (!parsed->is_dictionary()) return refusal("extension handshake is not a dictionary");

  extension_handshake out;
  if (const bencode::value* names = parsed->find("m", bencode::kind::dictionary)) {
    out.ut_metadata = extension_id(*names, "ut_metadata");
    out.shoal = extension_id(*names, "shoal");
    out.shoal_files = extension_id(*names, "shoal_files");
  }
  out.metadata_bytes = within(*parsed, "metadata_size", 0, UINT32_MAX).value_or(0);
  out.listen_port = static_cast<std::uint16_t>(within(*parsed, "p", 0, UINT16_MAX).value_or(0));
  out.requests_queued = clamped(*parsed, "reqq", 1u, requests_queued_max, out.requests_queued);
  if (const bencode::value* ours = parsed->find("shoal", bencode::kind::dictionary)) {
    out.attributes_bytes = within(*ours, "files_bytes", 0, UINT32_MAX).value_or(0);
    out.request_bytes = clamped(*ours, "request_bytes", block_bytes, request_bytes_max, out.request_bytes);
    if (const bencode::value* claim = ours->find("signed", bencode::kind::string)) {
      out.published = unpacked_publication(as_bytes(claim->string()));
    }
  }
  if (const bencode::value* client = parsed->find("v", bencode::kind::string)) {
    out.client = printable(client->string());
  }
  return out;
}

byte_buffer encode(const metadata_message& message) {
  const bool data = message.type == metadata_message::kind::data;
  bencode::writer out;
  out.begin_dictionary();
  out.key("msg_type").integer(static_cast<std::int64_t>(message.type));
  out.key("piece").integer(message.piece);
  if (data) out.key("total_size").integer(message.total_bytes);
  out.end();
  if (data) out.raw(message.data);
  return out.take();
}

result<metadata_message> decode_metadata_message(byte_view payload) {
  if (payload.size() > metadata_dictionary_bytes_max + metadata_piece_bytes) {
    return refusal("metadata message is longer than a piece of metadata");
  }
  std::size_t consumed = 0;
  const auto parsed = bencode::parse_prefix(payload, consumed);
  if (!parsed) return refusal("metadata message: " + parsed.error().text);
  // Members that are absent are out of every range.
  const auto type = within(*parsed, "msg_type", 0, 2);
  const auto piece = within(*parsed, "piece", 0, UINT32_MAX);
  if (!type || !piece) return refusal("metadata message has no known msg_type or no piece");

  metadata_message out;
  out.type = static_cast<metadata_message::kind>(*type);
  out.piece = *piece;
  if (out.type != metadata_message::kind::data) return out;
  const byte_view data = payload.subspan(consumed);
  if (data.empty() || data.size() > metadata_piece_bytes) {
    return refusal("metadata message with " + std::to_string(data.size()) + " bytes of data: a piece has 1 to " +
                   std::to_string(metadata_piece_bytes));
  }
  out.total_bytes = within(*parsed, "total_size", 0, UINT32_MAX).value_or(0);
  out.data.assign(data.begin(), data.end());
  return out;
}

byte_buffer encode(const pieces_hint& message) {
  bencode::writer out;
  out.begin_dictionary();
  if (!message.failed.empty()) out.key("failed").string(packed(message.failed));
  if (message.limited) out.key("limited").integer(static_cast<std::int64_t>(*message.limited));
  if (!message.returned.empty()) out.key("returned").string(packed(message.returned));
  if (!message.taken.empty()) out.key("taken").string(packed(message.taken));
  if (!message.withdrawn.empty()) out.key("withdrawn").string(message.withdrawn);
  out.end();
  return out.take();
}

result<pieces_hint> decode_pieces_hint(byte_view payload) {
  const auto parsed = bencode::parse(payload);
  if (!parsed) return refusal("hint: " + parsed.error().text);
  if (!parsed->is_dictionary()) return refusal("hint is not a dictionary");
  auto taken = unpacked(*parsed, "taken");
  if (!taken) return taken.error();
  auto returned = unpacked(*parsed, "returned");
  if (!returned) return returned.error();
  auto failed = unpacked(*parsed, "failed");
  if (!failed) return failed.error();
  pieces_hint out{std::move(*taken), std::move(*returned), std::move(*failed)};
  if (const bencode::value* why = parsed->find("withdrawn", bencode::kind::string))
    out.withdrawn = printable(why->string());
  if (const bencode::value* limited = parsed->find("limited", bencode::kind::integer)) {
    const std::int64_t rate = limited->integer();
    if (rate >= 0 && rate <= static_cast<std::int64_t>(rate_limit_max)) out.limited = static_cast<std::uint64_t>(rate);
  }
  return out;
}

}  // namespace shoal::wire
