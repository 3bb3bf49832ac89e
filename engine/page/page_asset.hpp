// The page that a browser sees at "/" of a peer and of a tracker: bytes inside the program.
//
// The build makes them of engine/gateway/ui (tools/cmake/page.cmake). Where npm is missing, the build leaves the page
// out, and missing_page() says so. What comes from here is constant and lives as long as the program. Asks for nothing
// from anywhere else: the policy forbids it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The page as one client takes it.
struct page_version {
  std::string_view bytes;
  std::string etag;       ///< with its quotes
  bool is_known = false;  ///< the client has it: the answer is 304, without the bytes
  /// Of the answer. What they name lives as long as the program.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

/// True if the page was left out of this build.
bool page_left_out();
/// What the build lacked, and what to install: text for people.
std::string missing_page();
/// For a client with these headers Accept-Encoding and If-None-Match. The first that does not take gzip waits a
/// millisecond. Not called when the page was left out.
page_version page_for(page_place where, std::string_view accept_encoding, std::string_view if_none_match);

/// Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3). Pure.
bool takes_gzip(std::string_view accept_encoding);

}  // namespace shoal
