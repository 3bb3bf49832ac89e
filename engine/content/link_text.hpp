// The text of a link as people paste it: what surrounds it, and the escapes inside (RFC 3986).
//
// Pure; for magnet links. Knows mail programs, chats and HTML pages, and nothing of what a link means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace shoal {

/// Removes line ends and other control bytes everywhere, and blanks, quotes and brackets around the link. Mail programs
/// and chats break long links and add such characters.
std::string bare_link(std::string_view text);

/// Percent-decoding. A '%' that is not followed by two hexadecimal digits stands for itself, and '+' too.
std::string percent_decoded(std::string_view text);

/// Percent-encodes all but letters, digits and "-._~:[]".
std::string percent_encoded(std::string_view text);

/// `text` without surrounding blanks of any kind.
std::string_view without_blanks(std::string_view text);

bool starts_with_any_case(std::string_view text, std::string_view lower_case_prefix);

/// Takes the next parameter off the front of `query` ("key=value&…"). The key is decoded and in lower case. The value
/// is as it is. "&amp;" counts as "&", because people copy links from the source of pages. A parameter without '=' has
/// no value. Nothing when `query` is used up.
std::optional<std::pair<std::string, std::string_view>> next_parameter(std::string_view& query);

}  // namespace shoal
