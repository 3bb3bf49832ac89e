// Which word a misspelt word means. Pure; for words of commands and names of settings.
#pragma once

#include <span>
#include <string_view>

namespace shoal {

/// The word of `known` that `word`, in lower case, misspells. "" if none is near.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace shoal
