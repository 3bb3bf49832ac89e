// Limits of single shares: kept by id in the state database, also while a share is not here.
//
// Who starts a share tells it its limits; library tells those of shares that run already. What one command asks for
// that runs without a peer is not kept. Part of library.
#pragma once

#include <map>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/rate_text.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class library_context;

class share_limits {
 public:
  explicit share_limits(library_context& context) : context_(context) {}

  /// Reads what earlier runs kept. Blocks.
  result<void> open();
  rate_limits of(const share_id& id) const;
  /// Of all shares that have any.
  const std::map<share_id, rate_limits>& all() const { return limits_; }
  /// From now on, whatever comes back: an error says that later runs will not know.
  awaitable<result<void>> set(share_id id, rate_limits limits);
  /// A new version of what is limited is limited as well, unless it has limits of its own.
  awaitable<result<void>> inherit(share_id from, share_id to);

 private:
  library_context& context_;
  std::map<share_id, rate_limits> limits_;
};

}  // namespace shoal
