#include "page/page_asset.hpp"

#include <zlib.h>

#include "core/assert.hpp"

namespace shoal {

// In a source that the build writes.
extern const built_page built_pages[2];
extern const char* const built_page_policy;
extern const char* const built_page_missing;

namespace {

/// inflateInit2: a gzip header is expected.
constexpr int gzip_window_bits = 15 + 16;

const built_page& built(page_place where) {
  return built_pages[static_cast<std::size_t>(where)];
}

std::string unpacked(page_place where) {
  const built_page& page = built(where);
  std::string text(page.unpacked_size, '\0');
  z_stream stream{};
  SHOAL_ASSERT(inflateInit2(&stream, gzip_window_bits) == Z_OK);
  stream.next_in = const_cast<unsigned char*>(page.bytes);
  stream.avail_in = static_cast<uInt>(page.size);
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int done = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  SHOAL_ASSERT(done == Z_STREAM_END && stream.avail_out == 0);
  return text;
}

const std::string& unpacked_once(page_place where) {
  if (where == page_place::peer) {
    static const std::string peer = unpacked(page_place::peer);
    return peer;
  }
  static const std::string tracker = unpacked(page_place::tracker);
  return tracker;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& one : made) {
    if (one >= 'A' && one <= 'Z') one = static_cast<char>(one - 'A' + 'a');
  }
  return made;
}

/// Takes what stands before the first separator off `list`.
std::string_view next_of(std::string_view& list, char separator) {
  const std::size_t end = list.find(separator);
  const std::string_view one = trimmed(list.substr(0, end));
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  return one;
}

/// "q=0", "q=0.0" and so on: not wanted.
bool refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string one = lower(next_of(parameters, ';'));
    if (one.starts_with("q=")) return one.find_first_not_of("0.", 2) == std::string::npos;
  }
  return false;
}

}  // namespace

bool page_left_out() {
  return *built_page_missing != '\0';
}

std::string missing_page() {
  return std::string("This build has no page: ") + built_page_missing + "\n";
}

page_version page_for(page_place where, std::string_view accept_encoding, std::string_view if_none_match) {
  const built_page& page = built(where);
  page_version one;
  one.headers = {{"Content-Type", "text/html; charset=utf-8"},
                 {"Cache-Control", "no-cache"},
                 {"Vary", "Accept-Encoding"},
                 {"Content-Security-Policy", built_page_policy},
                 {"X-Content-Type-Options", "nosniff"},
                 {"Referrer-Policy", "no-referrer"}};
  if (takes_gzip(accept_encoding)) {
    one.bytes = {reinterpret_cast<const char*>(page.bytes), page.size};
    one.etag = "\"" + std::string(page.tag) + "-gzip\"";
    one.headers.emplace_back("Content-Encoding", "gzip");
  } else {
    one.bytes = unpacked_once(where);
    one.etag = "\"" + std::string(page.tag) + "\"";
  }
  while (!if_none_match.empty()) {
    std::string_view tag = next_of(if_none_match, ',');
    // The weak comparison (RFC 9110, 13.1.2).
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    one.is_known = one.is_known || tag == one.etag || tag == "*";
  }
  return one;
}

bool takes_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    std::string_view parameters = next_of(accept_encoding, ',');
    const std::string coding = lower(next_of(parameters, ';'));
    const bool wanted = !refused(parameters);
    if (coding == "gzip" || coding == "x-gzip") return wanted;
    if (coding == "*") any = wanted;
  }
  return any;
}

}  // namespace shoal
