#include "content/magnet.hpp"

#include <algorithm>
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
/// Characters that end a sentence or a quotation around a link.
constexpr std::string_view punctuation = " .,;:!?'\"`>)]}/";
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

/// "xt" of "xt" and of its numbered forms "xt.1", "xt.2", …, which links with several use.
std::string_view without_number(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == key.size()) return key;
  return key.find_first_not_of("0123456789", dot + 1) == std::string_view::npos ? key.substr(0, dot) : key;
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
  return query_of(bare_link(text.substr(0, magnet_bytes_max))).has_value();
}

result<magnet_link> parse_magnet(std::string_view text) {
  if (text.size() > magnet_bytes_max) return malformed("longer than 64 KiB");
  const auto query = query_of(bare_link(text));
  if (!query) return malformed("it must start with magnet:?");
  magnet_link link;
  bool has_id = false;
  bool has_v1_id = false;
  std::string_view rest = *query;
  while (const auto parameter = next_parameter(rest)) {
    const auto& [full_key, encoded] = *parameter;
    const std::string_view key = without_number(full_key);
    const std::string content = percent_decoded(encoded);
    const std::string_view word = without_blanks(content);
    if (key == "dn") {
      std::string name(encoded);
      std::replace(name.begin(), name.end(), '+', ' ');
      name = percent_decoded(name);
      // For display only. A name that is no file name counts as none.
      if (check_path_element(name)) link.name = std::move(name);
    } else if (key == "x.pe") {
      if (is_endpoint(word)) add_once(link.way.peers, word);
    } else if (key == "tr") {
      add_tracker(link.way, word);
    } else if (key == "ws" || key == "as" || key == "xs") {
      if (!word.empty()) add_once(link.way.web_sources, word);
    } else if (key == "so") {
      link.way.selects_files = true;
    } else if (key == "xt" && starts_with_any_case(word, v1_topic)) {
      has_v1_id = true;
    } else if (key == "xt" && starts_with_any_case(word, v2_topic)) {
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
  for (const std::string& tracker : link.way.trackers) text += "&tr=" + percent_encoded(tracker_url(tracker));
  for (const std::string& peer : link.way.peers) text += "&x.pe=" + percent_encoded(peer);
  return text;
}

}  // namespace shoal
