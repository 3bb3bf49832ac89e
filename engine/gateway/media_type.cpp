#include "gateway/media_type.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace shoal {

namespace {

using row = std::pair<std::string_view, std::string_view>;

// Sorted by ending.
constexpr std::array rows{
    row{"7z", "application/x-7z-compressed"},
    row{"aac", "audio/aac"},
    row{"avif", "image/avif"},
    row{"bz2", "application/x-bzip2"},
    row{"css", "text/css; charset=utf-8"},
    row{"csv", "text/csv; charset=utf-8"},
    row{"deb", "application/vnd.debian.binary-package"},
    row{"flac", "audio/flac"},
    row{"gif", "image/gif"},
    row{"gz", "application/gzip"},
    row{"htm", "text/html; charset=utf-8"},
    row{"html", "text/html; charset=utf-8"},
    row{"ico", "image/vnd.microsoft.icon"},
    row{"iso", "application/x-iso9660-image"},
    row{"jpeg", "image/jpeg"},
    row{"jpg", "image/jpeg"},
    row{"js", "text/javascript; charset=utf-8"},
    row{"json", "application/json"},
    row{"m4a", "audio/mp4"},
    row{"m4v", "video/mp4"},
    row{"md", "text/markdown; charset=utf-8"},
    row{"mkv", "video/matroska"},
    row{"mov", "video/quicktime"},
    row{"mp3", "audio/mpeg"},
    row{"mp4", "video/mp4"},
    row{"oga", "audio/ogg"},
    row{"ogg", "audio/ogg"},
    row{"ogv", "video/ogg"},
    row{"opus", "audio/ogg"},
    row{"parquet", "application/vnd.apache.parquet"},
    row{"pdf", "application/pdf"},
    row{"png", "image/png"},
    row{"rpm", "application/x-rpm"},
    row{"svg", "image/svg+xml"},
    row{"tar", "application/x-tar"},
    row{"torrent", "application/x-bittorrent"},
    row{"txt", "text/plain; charset=utf-8"},
    row{"wasm", "application/wasm"},
    row{"wav", "audio/wav"},
    row{"webm", "video/webm"},
    row{"webp", "image/webp"},
    row{"xml", "application/xml"},
    row{"xz", "application/x-xz"},
    row{"zip", "application/zip"},
    row{"zst", "application/zstd"},
};
static_assert(std::ranges::is_sorted(rows, {}, &row::first));

}  // namespace

std::string_view media_type_of(std::string_view path) {
  const std::size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return "application/octet-stream";
  std::string ending(path.substr(dot + 1));
  std::ranges::transform(ending, ending.begin(),
                         [](char one) { return one >= 'A' && one <= 'Z' ? one - 'A' + 'a' : one; });
  const auto at = std::ranges::lower_bound(rows, std::string_view(ending), {}, &row::first);
  return at != rows.end() && at->first == ending ? at->second : "application/octet-stream";
}

}  // namespace shoal
