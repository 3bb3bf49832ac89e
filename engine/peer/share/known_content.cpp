#include "peer/share/known_content.hpp"

#include <string_view>
#include <unordered_map>

#include "content/metainfo.hpp"

namespace shoal {

std::vector<std::vector<digest>> known_layers(const known_content& before, const scan_result& found,
                                              std::uint32_t piece_bytes) {
  std::vector<std::vector<digest>> layers(found.files.size());
  if (before.torrent.empty()) return layers;
  const auto info = metainfo::from_torrent(before.torrent);
  if (!info || !(*info)->has_layers() || (*info)->shape().piece_bytes() != piece_bytes) return layers;
  const std::vector<file_entry>& files = (*info)->files();
  if (files.size() != before.signatures.size() || (*info)->is_folder() != found.folder) return layers;
  std::unordered_map<std::string_view, std::uint32_t> by_path;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (files[i].type == file_entry::kind::regular && files[i].size > 0) by_path.emplace(files[i].path, i);
  }
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    const file_signature& now = found.signatures[i];
    if (found.files[i].type != file_entry::kind::regular || now.ctime_ns == 0) continue;
    const auto at = by_path.find(found.files[i].path);
    if (at != by_path.end() && before.signatures[at->second] == now) layers[i] = (*info)->layer(file_index{at->second});
  }
  return layers;
}

}  // namespace shoal
