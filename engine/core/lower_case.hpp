// ASCII letters in lower case; all other bytes stay. Pure.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& one : lower) {
    if (one >= 'A' && one <= 'Z') one = static_cast<char>(one - 'A' + 'a');
  }
  return lower;
}

}  // namespace shoal
