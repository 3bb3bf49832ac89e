#include "core/utf8.hpp"

#include <utf8proc.h>

namespace shoal {

std::optional<utf8_character> first_character(std::string_view text) {
  utf8proc_int32_t code = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto taken = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (taken <= 0) return std::nullopt;
  return utf8_character{static_cast<char32_t>(code), static_cast<std::size_t>(taken)};
}

bool is_utf8(std::string_view text) {
  while (const auto character = first_character(text)) text.remove_prefix(character->bytes);
  return text.empty();
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

bool is_harmful(char32_t code) {
  const bool direction = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
                         code == 0x200F || code == 0x061C;
  return is_control(code) || direction || code == 0x2028 || code == 0x2029;
}

std::size_t columns_of(char32_t code) {
  return static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(code)));
}

}  // namespace shoal
