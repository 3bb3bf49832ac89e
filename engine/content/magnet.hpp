// Magnet links (BEP 9, v2 form of BEP 52): magnet:?xt=urn:btmh:1220<64 hex>&dn=<name>&tr=<tracker>&x.pe=<host:port>…
//
// Pure. Takes a link in the forms that people paste (content/link_text.hpp): in any case, with "&amp;" for "&", with
// needless or missing escapes. Line ends, quotes or blanks may be around or in it. Unknown parameters are ignored. A
// link without a v2 info-hash is refused.
#pragma once

#include <string>
#include <string_view>

#include "content/way_in.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Some links carry hundreds of trackers. A longer text is no link that anybody sent.
inline constexpr std::size_t magnet_bytes_max = 64 * KiB;

struct magnet_link {
  share_id id;
  std::string name;  ///< `dn`, for display only; may be empty
  way_in way;        ///< `tr`, `x.pe` and what is not used yet
};

/// True for a text that is meant as a magnet link, even if parse_magnet() refuses it.
bool looks_like_magnet(std::string_view text);
result<magnet_link> parse_magnet(std::string_view text);
/// Writes only the ways in that are of our kind.
std::string format_magnet(const magnet_link& link);

}  // namespace shoal
