// How to get into the swarm of a share, as its magnet links and .torrent files say it.
//
// Pure. magnet and way_in_of_torrent() fill it; magnet and metainfo write it. Our tracker speaks WebSocket. So among
// the trackers of BEP 3 and BEP 9 it is ws://HOST:PORT/live, which no other client uses. What is not used yet is
// counted, so that people can be told.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace shoal {

/// Ways of each kind. More are left out.
inline constexpr std::size_t ways_max = 64;

struct way_in {
  std::vector<std::string> trackers;        ///< of our kind, "HOST:PORT"
  std::vector<std::string> peers;           ///< "HOST:PORT" or "[IPV6]:PORT", not resolved
  std::vector<std::string> other_trackers;  ///< addresses as they stand there
  std::vector<std::string> web_sources;     ///< `ws`, `as` and `xs` of links, `url-list` and `httpseeds` of files
  bool selects_files = false;               ///< `so` of links (BEP 53)
};

/// True if the text has the form HOST:PORT or [IPV6]:PORT. Whoever connects judges the address itself.
bool is_endpoint(std::string_view text);

/// Appends `text` if it is not there yet, up to ways_max.
void add_once(std::vector<std::string>& to, std::string_view text);

/// ws://ENDPOINT/live
std::string tracker_url(std::string_view endpoint);
/// Adds the tracker to `trackers` if it is one of ours, else to `other_trackers`.
void add_tracker(way_in& way, std::string_view url);

/// One line that says which ways in are not used; "" if all are.
std::string unused_text(const way_in& way);

/// Reads what surrounds the info dictionary of a .torrent. That is `announce`, `announce-list` (BEP 12), `url-list`
/// (BEP 19), `httpseeds` (BEP 17), and `shoal.peers`, a list of "HOST:PORT". Whatever is malformed is left out.
way_in way_in_of_torrent(byte_view torrent);

}  // namespace shoal
