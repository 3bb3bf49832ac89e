#include "content/way_in.hpp"

#include <algorithm>
#include <charconv>

#include "content/bencode.hpp"
#include "content/link_text.hpp"

namespace shoal {

namespace {

constexpr std::string_view tracker_scheme = "ws://";
constexpr std::string_view tracker_path = "/live";
/// A host name has at most 253 bytes. No address with brackets and a port is longer.
constexpr std::size_t endpoint_bytes_max = 262;

/// "1 tracker of another kind", "64 or more web sources".
std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  if (count >= ways_max) return std::to_string(ways_max) + " or more " + std::string(many);
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

/// Calls `take` with each string of `found`: itself, the strings of a list, or of lists in a list.
template <class Take>
void each_string(const bencode::value* found, const Take& take, int lists = 2) {
  if (found == nullptr) return;
  if (found->is_string()) take(found->string());
  if (!found->is_list() || lists == 0) return;
  const auto outer = bencode::skim(found->source());
  if (!outer) return;
  for (const bencode::value& one : outer->list()) each_string(&one, take, lists - 1);
}

}  // namespace

bool is_endpoint(std::string_view text) {
  if (text.size() > endpoint_bytes_max) return false;
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

void add_once(std::vector<std::string>& to, std::string_view text) {
  if (to.size() < ways_max && std::ranges::find(to, text) == to.end()) to.emplace_back(text);
}

std::string tracker_url(std::string_view endpoint) {
  return std::string(tracker_scheme) + std::string(endpoint) + std::string(tracker_path);
}

void add_tracker(way_in& way, std::string_view url) {
  url = without_blanks(url);
  if (starts_with_any_case(url, tracker_scheme) && url.ends_with(tracker_path)) {
    std::string_view endpoint = url.substr(tracker_scheme.size());
    endpoint.remove_suffix(std::min(endpoint.size(), tracker_path.size()));
    if (is_endpoint(endpoint)) return add_once(way.trackers, endpoint);
  }
  if (!url.empty()) add_once(way.other_trackers, url);
}

std::string unused_text(const way_in& way) {
  std::string text;
  const auto append = [&text](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  if (!way.other_trackers.empty()) {
    append(counted(way.other_trackers.size(), "tracker of another kind", "trackers of another kind"));
  }
  if (!way.web_sources.empty()) append(counted(way.web_sources.size(), "web source", "web sources"));
  if (way.selects_files) append("the choice of files");
  return text.empty() ? text : "not used yet: " + text;
}

way_in way_in_of_torrent(byte_view torrent) {
  way_in way;
  const auto outer = bencode::skim(torrent);
  if (!outer) return way;
  const auto tracker = [&way](std::string_view url) { add_tracker(way, url); };
  const auto web_source = [&way](std::string_view url) {
    if (!url.empty()) add_once(way.web_sources, url);
  };
  const auto peer = [&way](std::string_view endpoint) {
    if (is_endpoint(endpoint)) add_once(way.peers, endpoint);
  };
  each_string(outer->find("announce"), tracker);
  each_string(outer->find("announce-list"), tracker);
  each_string(outer->find("url-list"), web_source);
  each_string(outer->find("httpseeds"), web_source);
  each_string(outer->find("shoal.peers"), peer);
  return way;
}

}  // namespace shoal
