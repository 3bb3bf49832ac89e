// The page that a browser sees at "/" of a peer and of a tracker: bytes inside the program.
//
// The build makes them of engine/gateway/ui (tools/cmake/page.cmake). Where npm is missing, the build leaves the page
// out, and missing_page() says so. What comes from here is constant and lives as long as the program. Asks for nothing
// from anywhere else: the policy forbids it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// Where the page is shown: what it may ask differs.
enum class page_place : std::size_t { peer = 0, tracker = 1 };

/// One page as the build writes it.
struct built_page {
  const unsigned char* bytes;  ///< packed with gzip (RFC 1952)
  std::size_t size;
  std::size_t unpacked_size;
  const char* tag;  ///< a hash of the unpacked page, hexadecimal
};

struct page_asset {
  std::string_view packed;  ///< gzip
  std::string etag;         ///< of the packed page, with its quotes
  std::string plain_etag;   ///< of the unpacked page
  std::string_view policy;  ///< Content-Security-Policy
};

/// True if the page was left out of this build.
bool page_left_out();
/// What the build lacked, and what to install: text for people.
std::string missing_page();
/// Not called when the page was left out.
const page_asset& page_of(page_place where);
/// The same for who does not take gzip. Unpacked once, at the first call; takes about a millisecond.
const std::string& unpacked_page_of(page_place where);

/// Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3). Pure.
bool takes_gzip(std::string_view accept_encoding);

/// The media type of the page, and how long a browser may keep it without asking.
inline constexpr std::string_view page_media_type = "text/html; charset=utf-8";
inline constexpr std::string_view page_cache_control = "no-cache";

}  // namespace shoal
