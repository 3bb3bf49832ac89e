#include "directory/known_publishers.hpp"

#include <algorithm>

namespace shoal {

bool known_publishers::on_seen(std::string_view name, const seen_version& seen) {
  auto at = by_name_.find(name);
  if (at == by_name_.end()) {
    if (by_name_.size() >= names_max) return false;
    at = by_name_.emplace(name, std::vector<seen_version>()).first;
  }
  const auto known = std::ranges::find(at->second, seen.signer, &seen_version::signer);
  if (known == at->second.end()) {
    if (at->second.size() >= publishers_max) return false;
    at->second.push_back(seen);
    return true;
  }
  if (seen.ms <= known->ms) return false;
  *known = seen;
  return true;
}

const std::vector<seen_version>& known_publishers::of(std::string_view name) const {
  static const std::vector<seen_version> none;
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? none : at->second;
}

const seen_version* known_publishers::find(std::string_view name, const publisher_key& signer) const {
  const auto& all = of(name);
  const auto known = std::ranges::find(all, signer, &seen_version::signer);
  return known == all.end() ? nullptr : &*known;
}

}  // namespace shoal
