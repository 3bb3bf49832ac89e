#include "content/publication.hpp"

#include <array>
#include <ctime>

namespace shoal {

publication merged(const publication& one, const publication& other) {
  if (one.publisher == other.publisher) return one.ms >= other.ms ? one : other;
  if (!one.known() || !other.known()) return one.known() ? one : other;
  if (one.ms != other.ms) return one.ms < other.ms ? one : other;
  return one.publisher < other.publisher ? one : other;
}

bool supersedes(const publication& one, const publication& other) {
  return one.known() && one.publisher == other.publisher && one.ms > other.ms;
}

std::string time_text(const publication& of) {
  if (of.ms == 0) return {};
  const auto seconds = static_cast<std::time_t>(of.ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return {text.data(), length};
}

}  // namespace shoal
