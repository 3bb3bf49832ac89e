// Verdicts about signatures that were checked before: nobody has one signature checked twice.
//
// A check takes 0.1 ms and a look here 1 µs. What a verdict covers is all that was signed, so a claim that differs in
// anything else has the same one. The oldest verdicts are forgotten. Pure; not for several threads at once.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "content/publication.hpp"
#include "core/ids.hpp"

namespace shoal {

class checked_signatures {
 public:
  /// These take 2 MB.
  static constexpr std::size_t kept_max = 10'000;

  /// `claim` with its verdict. Nothing if it is not known.
  std::optional<publication> find(publication claim, const share_id& id, std::string_view name) const;
  /// What checked() found.
  void keep(const publication& verdict, const share_id& id, std::string_view name);
  /// As checked(), if the verdict is not known.
  publication check(publication claim, const share_id& id, std::string_view name);

  std::size_t size() const { return verdicts_.size(); }

 private:
  std::unordered_map<digest, standing> verdicts_;
  std::deque<digest> order_;
};

}  // namespace shoal
