#include "content/relative_path.hpp"

#include <algorithm>
#include <string>

#include "core/utf8.hpp"

namespace shoal {

namespace {

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

/// What is wrong with one name; "" if nothing is.
std::string_view fault_of(std::string_view element) {
  if (element.empty()) return "has an empty name in it";
  if (element == "." || element == "..") return "is not a file name";
  if (element.size() > path_element_bytes_max) return "is longer than 255 bytes";
  for (std::string_view rest = element; !rest.empty();) {
    const auto character = first_character(rest);
    if (!character) return "is not valid UTF-8";
    if (character->code < 0x20 || character->code == 0x7f) return "contains control characters";
    if (character->code == '/') return "contains a slash";
    rest.remove_prefix(character->bytes);
  }
  return {};
}

}  // namespace

result<void> check_path_element(std::string_view element) {
  const std::string_view fault = fault_of(element);
  if (!fault.empty()) return refused(element, fault);
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
    const std::string_view element = path.substr(begin, end - begin);
    if (const std::string_view fault = fault_of(element); !fault.empty()) {
      const bool is_whole = element.empty() || element == path;
      return refused(path, (is_whole ? "" : "cannot be used: " + quoted(element) + " ") + std::string(fault));
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
