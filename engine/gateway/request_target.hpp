// What a URL of this peer names: "/s/ID/PATH?QUERY" (RFC 3986; RFC 9110, section 7.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

struct request_target {
  std::string path;   ///< decoded, begins with '/'; holds no NUL
  std::string query;  ///< as it came, without '?'
};
/// Takes the origin form, and the absolute form that proxies send. errc::malformed with the reason.
result<request_target> parse_target(std::string_view text);

/// The text without its escapes. errc::malformed if one is not complete, or means NUL.
result<std::string> decoded_text(std::string_view text);

/// What "/s/…" names.
struct content_target {
  std::string share;    ///< an id, the begin of one, or a name
  std::string path;     ///< within the share; "" for its root
  bool folder = false;  ///< the URL ends with '/', as that of a folder does
};
/// Nothing: the path is not below "/s/".
std::optional<content_target> content_of(const request_target& target);

/// The value of `key` in a query "a=1&b"; "" if it has none. Nothing: the key is not there. Values are not decoded.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key);

/// The path with all but unreserved characters and '/' escaped.
std::string escaped_path(std::string_view path);

}  // namespace shoal
