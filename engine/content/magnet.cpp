#include "content/magnet.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "content/relative_path.hpp"
#include "core/bytes.hpp"

namespace shoal {

namespace {

constexpr std::string_view scheme = "magnet:?";
constexpr std::string_view v1_topic = "urn:btih:";
constexpr std::string_view v2_topic = "urn:btmh:";
/// Multihash of SHA2-256: function 0x12, 0x20 bytes.
constexpr std::string_view multihash_prefix = "1220";
/// A host name has at most 253 bytes; with brackets and a port nothing that is an address is longer.
constexpr std::size_t peer_bytes_max = 262;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

/// RFC 3986 percent-decoding; '+' is a space, as in forms. Nothing if a '%' is not followed by two digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char small = lower(c);
    const bool plain = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                       c == '~' || c == ':' || c == '[' || c == ']';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%' + to_hex({&byte, 1});
    }
  }
  return out;
}

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
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '%' ||
           (bracketed && c == ':');
  });
}

std::optional<share_id> id_of_topic(std::string_view topic) {
  const std::string_view hash = topic.substr(v2_topic.size());
  if (!hash.starts_with(multihash_prefix)) return std::nullopt;
  return share_id::from_hex(hash.substr(multihash_prefix.size()));
}

error malformed(std::string text) {
  return {errc::malformed, "magnet link: " + std::move(text)};
}

/// `xt` and its numbered forms `xt.1`, `xt.2`, … of links with several hashes.
bool is_topic_key(std::string_view key) {
  return key == "xt" || key.starts_with("xt.");
}

}  // namespace

result<magnet_link> parse_magnet(std::string_view text) {
  if (text.size() > magnet_bytes_max) return malformed("longer than 16 KiB");
  if (!starts_with_any_case(text, scheme)) return malformed("it must start with magnet:?");
  magnet_link link;
  bool has_id = false;
  bool has_v1_id = false;
  for (std::size_t begin = scheme.size(); begin < text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view parameter = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = parameter.substr(0, equals);
    const bool known = is_topic_key(key) || key == "dn" || key == "x.pe";
    if (!known) continue;
    const auto content = decoded(parameter.substr(equals + 1));
    if (!content) return malformed("a percent sign is not followed by two hexadecimal digits");
    if (key == "dn") {
      // For display only, and a name that is no file name is none.
      if (check_path_element(*content)) link.name = *content;
    } else if (key == "x.pe") {
      if (is_peer(*content) && link.peers.size() < magnet_peers_max) link.peers.push_back(*content);
    } else if (starts_with_any_case(*content, v1_topic)) {
      has_v1_id = true;
    } else if (starts_with_any_case(*content, v2_topic)) {
      const auto id = id_of_topic(*content);
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
      std::string(scheme) + "xt=" + std::string(v2_topic) + std::string(multihash_prefix) + link.id.hex();
  if (!link.name.empty()) text += "&dn=" + encoded(link.name);
  for (const std::string& peer : link.peers) text += "&x.pe=" + encoded(peer);
  return text;
}

}  // namespace shoal
