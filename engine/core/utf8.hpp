// UTF-8 (RFC 3629), character by character. Pure; the one place that decodes it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace shoal {

struct utf8_character {
  char32_t code = 0;
  std::size_t bytes = 0;
};

/// The character that `text` begins with; nothing if it is empty or begins with what is not well-formed.
std::optional<utf8_character> first_character(std::string_view text);

bool is_utf8(std::string_view text);

/// C0, DEL and C1: a terminal obeys them.
bool is_control(char32_t code);

/// Controls, and what makes text look like other text: marks of the direction of writing, and separators of lines.
bool is_harmful(char32_t code);

/// Columns that a printable character takes: 2 for wide ones, 0 for combining ones.
std::size_t columns_of(char32_t code);

}  // namespace shoal
