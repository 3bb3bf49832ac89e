// The publishers that this peer knows by the names of their shares, and the newest version that it has seen of each.
//
// So a publisher key that takes the place of another is noticed, and so is an old version that comes back. Filled with
// what is downloaded, and with what the trackers list of publishers that are known or trusted. Kept in the state
// database (store/state_database). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "content/publication.hpp"
#include "core/ids.hpp"

namespace shoal {

class known_publishers {
 public:
  /// Names that are remembered. Further ones are not.
  static constexpr std::size_t names_max = 100'000;
  /// Publishers of one name.
  static constexpr std::size_t publishers_max = 16;

  /// A version with a right signature. True if that is news, to be written down.
  [[nodiscard]] bool on_seen(std::string_view name, const seen_version& seen);
  /// The publishers of this name; none if the name is not known.
  const std::vector<seen_version>& of(std::string_view name) const;
  /// Null if this publisher is not known by this name.
  const seen_version* find(std::string_view name, const publisher_key& signer) const;

 private:
  std::map<std::string, std::vector<seen_version>, std::less<>> by_name_;
};

}  // namespace shoal
