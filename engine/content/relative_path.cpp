#include "content/relative_path.hpp"

#include <algorithm>
#include <string>

#include "core/bytes.hpp"

namespace shoal {

namespace {

/// Length of the UTF-8 sequence at the start of `text`, or 0 if there is none: neither overlong forms nor
/// surrogates.
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool surrogate = lead == 0xed && at(1) >= 0xa0;
  const bool too_large = lead == 0xf4 && at(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

/// The path in a form that may be shown: foreign bytes do not reach a terminal.
std::string quoted(std::string_view path) {
  constexpr std::size_t shown_bytes_max = 80;
  std::string text = "\"";
  for (const char byte : path.substr(0, shown_bytes_max)) text += byte >= 0x20 && byte < 0x7f ? byte : '?';
  return text + (path.size() > shown_bytes_max ? "…\"" : "\"");
}

error refused(std::string_view path, std::string_view why) {
  return {errc::malformed, "path " + quoted(path) + " " + std::string(why)};
}

}  // namespace

result<void> check_path_element(std::string_view element) {
  if (element.empty()) return refused(element, "has an empty name in it");
  if (element == "." || element == "..") return refused(element, "is not a file name");
  if (element.size() > path_element_bytes_max) return refused(element, "is longer than 255 bytes");
  for (std::size_t i = 0; i < element.size();) {
    const auto byte = static_cast<std::uint8_t>(element[i]);
    if (byte < 0x20 || byte == 0x7f) return refused(element, "contains control characters");
    if (byte == '/') return refused(element, "contains a slash");
    const std::size_t length = utf8_sequence(element.substr(i));
    if (length == 0) return refused(element, "is not valid UTF-8");
    i += length;
  }
  return {};
}

result<void> check_relative_path(std::string_view path) {
  if (path.size() > path_bytes_max) {
    return error{errc::limit, refused(path, "is longer than " + std::to_string(path_bytes_max) + " bytes").text};
  }
  std::uint32_t depth = 0;
  for (std::size_t begin = 0; begin <= path.size();) {
    if (++depth > path_depth_max) {
      return error{errc::limit, refused(path, "is more than " + std::to_string(path_depth_max) + " folders deep").text};
    }
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (const auto checked = check_path_element(path.substr(begin, end - begin)); !checked) {
      return refused(path, "cannot be created: " + checked.error().text);
    }
    begin = end + 1;
  }
  return {};
}

bool tree_order(std::string_view left, std::string_view right) {
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    const auto rank = [](char byte) { return byte == '/' ? 0 : static_cast<std::uint8_t>(byte); };
    return rank(a) < rank(b);
  });
}

}  // namespace shoal
