#include "store/printable.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "core/utf8.hpp"

namespace shoal {

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::string_view taken = text.substr(0, character ? character->bytes : 1);
    text.remove_prefix(taken.size());
    if (character && !is_harmful(character->code)) {
      shown += taken;
      continue;
    }
    for (const char byte : taken) shown += "\\x" + to_hex(as_bytes(std::string_view(&byte, 1)));
  }
  return shown;
}

}  // namespace shoal
