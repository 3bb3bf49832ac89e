#include "content/magnet.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "content/link_text.hpp"
#include "content/relative_path.hpp"

namespace shoal {

namespace {

constexpr std::string_view scheme = "magnet:";
constexpr std::string_view encoded_scheme = "magnet%3a";
constexpr std::string_view v1_topic = "urn:btih:";
constexpr std::string_view v2_topic = "urn:btmh:";
/// Multihash of SHA2-256: function 0x12, 0x20 bytes.
constexpr std::string_view multihash_prefix = "1220";
/// What ends a sentence or a quotation that a link stands at the end of.
constexpr std::string_view punctuation = " .,;:!?'\"`>)]}/";
/// A host name has at most 253 bytes; with brackets and a port nothing that is an address is longer.
constexpr std::size_t peer_bytes_max = 262;

/// True for HOST:PORT and [IPV6]:PORT by form; the address itself is judged by whoever connects.
bool is_peer(std::string_view text) {
  if (text.size() > peer_bytes_max) return false;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (ec != std::errc{} || end != digits.data() + digits.size() || port == 0) return false;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '%' || (bracketed && c == ':');
  });
}

std::optional<share_id> id_of_topic(std::string_view topic) {
  std::string_view hash = topic.substr(v2_topic.size());
  if (!hash.starts_with(multihash_prefix)) return std::nullopt;
  hash.remove_prefix(multihash_prefix.size());
  while (!hash.empty() && punctuation.find(hash.back()) != std::string_view::npos) hash.remove_suffix(1);
  return share_id::from_hex(hash);
}

error malformed(std::string text) {
  return {errc::malformed, "magnet link: " + std::move(text)};
}

/// `xt` and its numbered forms `xt.1`, `xt.2`, … of links with several hashes.
bool is_topic_key(std::string_view key) {
  return key == "xt" || key.starts_with("xt.");
}

/// The parameters of a bare link; nothing if it is none.
std::optional<std::string> query_of(std::string link) {
  if (starts_with_any_case(link, encoded_scheme)) {
    const std::string_view rest = std::string_view(link).substr(encoded_scheme.size());
    // Either the link was a parameter itself and is encoded as a whole, or only its colons are.
    const bool whole = starts_with_any_case(rest, "%3f");
    link = std::string(scheme) + (whole ? percent_decoded(rest) : std::string(rest));
  }
  if (!starts_with_any_case(link, scheme)) return std::nullopt;
  const std::size_t begin = std::min(link.find_first_not_of("/?", scheme.size()), link.size());
  return link.substr(begin);
}

}  // namespace

bool looks_like_magnet(std::string_view text) {
  return text.size() <= magnet_bytes_max && query_of(bare_link(text)).has_value();
}

result<magnet_link> parse_magnet(std::string_view text) {
  if (text.size() > magnet_bytes_max) return malformed("longer than 16 KiB");
  const auto query = query_of(bare_link(text));
  if (!query) return malformed("it must start with magnet:?");
  magnet_link link;
  bool has_id = false;
  bool has_v1_id = false;
  std::string_view rest = *query;
  while (const auto parameter = next_parameter(rest)) {
    const auto& [key, encoded] = *parameter;
    const std::string content = percent_decoded(encoded);
    const std::string_view word = without_blanks(content);
    if (key == "dn") {
      std::string name(encoded);
      std::replace(name.begin(), name.end(), '+', ' ');
      name = percent_decoded(name);
      // For display only, and a name that is no file name is none.
      if (check_path_element(name)) link.name = std::move(name);
    } else if (key == "x.pe") {
      if (is_peer(word) && link.peers.size() < magnet_peers_max) link.peers.emplace_back(word);
    } else if (is_topic_key(key) && starts_with_any_case(word, v1_topic)) {
      has_v1_id = true;
    } else if (is_topic_key(key) && starts_with_any_case(word, v2_topic)) {
      const auto id = id_of_topic(word);
      if (!id) return malformed("xt must be urn:btmh:1220 and 64 hexadecimal digits");
      if (has_id && *id != link.id) return malformed("it names two different shares");
      link.id = *id;
      has_id = true;
    }
  }
  if (!has_id && has_v1_id) return malformed("it is of BitTorrent version 1 only; a version 2 link has xt=urn:btmh:");
  if (!has_id) return malformed("it has no xt=urn:btmh: with the hash of a share");
  return link;
}

std::string format_magnet(const magnet_link& link) {
  std::string text =
      std::string(scheme) + "?xt=" + std::string(v2_topic) + std::string(multihash_prefix) + link.id.hex();
  if (!link.name.empty()) text += "&dn=" + percent_encoded(link.name);
  for (const std::string& peer : link.peers) text += "&x.pe=" + percent_encoded(peer);
  return text;
}

}  // namespace shoal
