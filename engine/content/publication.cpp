#include "content/publication.hpp"

#include <array>
#include <ctime>

namespace shoal {

namespace {

// What a claim is worth. Only claims of one worth are compared by their publishers and times.
int worth(const publication& claim) {
  if (claim.is_signed()) return 3;
  if (claim.of_signature != standing::none) return 0;
  return claim.known() ? 2 : 1;
}

}  // namespace

publication merged(const publication& one, const publication& other) {
  if (worth(one) != worth(other)) return worth(one) > worth(other) ? one : other;
  if (one.is_signed()) return one.signer == other.signer && other.ms > one.ms ? other : one;
  if (one.publisher == other.publisher) return one.ms >= other.ms ? one : other;
  if (one.ms != other.ms) return one.ms < other.ms ? one : other;
  return one.publisher < other.publisher ? one : other;
}

bool supersedes(const publication& one, const publication& other) {
  if (!one.known() || one.ms <= other.ms) return false;
  if (other.is_signed()) return one.is_signed() && one.signer == other.signer;
  const bool counts = one.is_signed() || one.of_signature == standing::none;
  return counts && one.publisher != publisher_id{} && one.publisher == other.publisher;
}

bool may_replace(const publication& here, const publication& by) {
  if (here.is_signed()) return by.is_signed() && by.signer == here.signer;
  return here.publisher == publisher_id{} || by.publisher == publisher_id{} || here.publisher == by.publisher;
}

publication tellable(const publication& of) {
  return of.is_signed() ? of : publication{of.publisher, of.ms};
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
