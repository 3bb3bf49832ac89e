// Limits of single shares. They are kept by id in the state database, also while a share is not here.
//
// Code that starts a share tells it its limits. library tells the limits of shares that run already. The limits of a
// command that runs without a peer are not kept. Part of library.
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

  /// Reads the limits that earlier runs kept. Blocks.
  result<void> open();
  rate_limits of(const share_id& id) const;
  /// The limits of all shares that have any.
  const std::map<share_id, rate_limits>& all() const { return limits_; }
  /// Sets the limits from now on, also if it returns an error: later runs will then not know them.
  awaitable<result<void>> set(share_id id, rate_limits limits);
  /// The new version `to` of a share takes over the limits of `from`, unless it has limits of its own.
  awaitable<result<void>> inherit(share_id from, share_id to);

 private:
  library_context& context_;
  std::map<share_id, rate_limits> limits_;
};

}  // namespace shoal
