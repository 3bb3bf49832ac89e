#include "content/checked_signatures.hpp"

#include <utility>

#include "content/signed_publication.hpp"
#include "core/bytes.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

digest key_of(publication claim, const share_id& id, std::string_view name) {
  // No signature covers it.
  claim.publisher = {};
  byte_buffer bytes = packed(claim);
  const auto append = [&bytes](byte_view more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  append(id.view());
  append(as_bytes(name));
  return sha256(bytes);
}

}  // namespace

std::optional<publication> checked_signatures::find(publication claim, const share_id& id,
                                                    std::string_view name) const {
  if (claim.of_signature == standing::none) return claim;
  const auto at = verdicts_.find(key_of(claim, id, name));
  if (at == verdicts_.end()) return std::nullopt;
  claim.of_signature = at->second;
  return claim;
}

void checked_signatures::keep(const publication& verdict, const share_id& id, std::string_view name) {
  if (verdict.of_signature != standing::right && verdict.of_signature != standing::wrong) return;
  const digest key = key_of(verdict, id, name);
  if (!verdicts_.try_emplace(key, verdict.of_signature).second) return;
  order_.push_back(key);
  if (order_.size() <= kept_max) return;
  verdicts_.erase(order_.front());
  order_.pop_front();
}

publication checked_signatures::check(publication claim, const share_id& id, std::string_view name) {
  if (const auto known = find(claim, id, name)) return *known;
  const publication verdict = checked(claim, id, name);
  keep(verdict, id, name);
  return verdict;
}

}  // namespace shoal
