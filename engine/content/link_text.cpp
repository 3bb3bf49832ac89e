#include "content/link_text.hpp"

#include <algorithm>
#include <array>

#include "core/bytes.hpp"

namespace shoal {

namespace {

/// U+0020, U+00A0, U+200B to U+200F, U+2028, U+2029, U+202F, U+2060, U+3000 and U+FEFF in UTF-8.
constexpr std::array<std::string_view, 13> blanks{
    " ",
    "\xc2\xa0",
    "\xe2\x80\x8b",
    "\xe2\x80\x8c",
    "\xe2\x80\x8d",
    "\xe2\x80\x8e",
    "\xe2\x80\x8f",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xe2\x80\xaf",
    "\xe2\x81\xa0",
    "\xe3\x80\x80",
    "\xef\xbb\xbf",
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> brackets{{
    {"'", "'"},
    {"\"", "\""},
    {"`", "`"},
    {"<", ">"},
    {"(", ")"},
    {"[", "]"},
    {"“", "”"},
    {"„", "“"},
    {"‘", "’"},
    {"«", "»"},
}};

/// "&" as it stands in the source of a page, without the "&" itself.
constexpr std::array<std::string_view, 3> ampersand_entities{"amp;", "#38;", "#x26;"};

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

bool starts_with_any_case(std::string_view text, std::string_view lower_case_prefix) {
  return text.size() >= lower_case_prefix.size() &&
         std::equal(lower_case_prefix.begin(), lower_case_prefix.end(), text.begin(),
                    [](char a, char b) { return a == lower(b); });
}

std::string_view without_blanks(std::string_view text) {
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view blank : blanks) {
      if (text.starts_with(blank)) {
        text.remove_prefix(blank.size());
        found = true;
      }
      if (text.ends_with(blank)) {
        text.remove_suffix(blank.size());
        found = true;
      }
    }
  }
  return text;
}

std::string bare_link(std::string_view text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte != 0x7f) printable += c;
  }
  std::string_view bare = without_blanks(printable);
  for (bool found = true; found;) {
    found = false;
    for (const auto& [open, close] : brackets) {
      if (!bare.starts_with(open)) continue;
      bare.remove_prefix(open.size());
      if (bare.ends_with(close)) bare.remove_suffix(close.size());
      bare = without_blanks(bare);
      found = true;
    }
  }
  return std::string(bare);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte || byte->size() != 1) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char small = lower(c);
    const bool plain = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                       c == '~' || c == ':' || c == '[' || c == ']';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%' + to_hex({&byte, 1});
    }
  }
  return out;
}

std::optional<std::pair<std::string, std::string_view>> next_parameter(std::string_view& query) {
  if (query.empty()) return std::nullopt;
  const std::size_t end = std::min(query.find('&'), query.size());
  std::string_view parameter = query.substr(0, end);
  query.remove_prefix(std::min(end + 1, query.size()));
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view entity : ampersand_entities) {
      if (!starts_with_any_case(parameter, entity)) continue;
      parameter.remove_prefix(entity.size());
      found = true;
    }
  }
  const std::size_t equals = std::min(parameter.find('='), parameter.size());
  std::string key = percent_decoded(without_blanks(parameter.substr(0, equals)));
  std::transform(key.begin(), key.end(), key.begin(), lower);
  parameter.remove_prefix(std::min(equals + 1, parameter.size()));
  return std::pair(std::move(key), parameter);
}

}  // namespace shoal
