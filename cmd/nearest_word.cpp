#include "cmd/nearest_word.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace shoal {

namespace {

// More edits than this make another word, not a misspelt one.
constexpr std::size_t misspelling_edits_max = 2;

// Levenshtein's distance; words are as long as people type them, so it is cut to be bounded.
std::size_t edits_between(std::string_view a, std::string_view b) {
  constexpr std::size_t length_max = 32;
  a = a.substr(0, length_max);
  b = b.substr(0, length_max);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

std::size_t same_letters_at_start(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  std::size_t edits_least = misspelling_edits_max + 1;
  for (const std::string_view one : known) {
    const std::size_t edits = edits_between(word, one);
    if (edits > misspelling_edits_max || edits >= one.size() / 2 + 1) continue;
    // Of two that are as near, people mean the one that begins as they typed.
    const bool begins_better =
        edits == edits_least && same_letters_at_start(word, one) > same_letters_at_start(word, nearest);
    if (edits < edits_least || begins_better) {
      edits_least = edits;
      nearest = one;
    }
  }
  return nearest;
}

}  // namespace shoal
