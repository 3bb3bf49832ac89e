#include "cmd/way_in.hpp"

#include "content/magnet.hpp"
#include "core/base64.hpp"

namespace shoal {

namespace {

way_in way_in_of_word(const std::string& word, torrent_arguments& torrents) {
  if (const auto link = parse_magnet(word)) return link->way;
  const auto& file = torrents.of(word);
  if (!file || file->base64.empty()) return {};
  return way_in_of_torrent(from_base64(file->base64).value_or(byte_buffer{}));
}

}  // namespace

way_in way_in_of(const std::vector<std::string>& words, torrent_arguments& torrents) {
  way_in all;
  for (const std::string& word : words) {
    const way_in one = way_in_of_word(word, torrents);
    for (const std::string& tracker : one.trackers) add_once(all.trackers, tracker);
    for (const std::string& peer : one.peers) add_once(all.peers, peer);
    for (const std::string& tracker : one.other_trackers) add_once(all.other_trackers, tracker);
    for (const std::string& source : one.web_sources) add_once(all.web_sources, source);
  }
  return all;
}

}  // namespace shoal
