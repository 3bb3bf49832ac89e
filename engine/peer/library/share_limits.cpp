#include "peer/library/share_limits.hpp"

#include "net/offload.hpp"
#include "peer/library/library_context.hpp"

namespace shoal {

result<void> share_limits::open() {
  if (!context_.peer.remember_shares) return {};
  auto known = context_.peer.database.limits();
  if (!known) return known.error();
  for (const auto& [id, limits] : *known) limits_[id] = limits;
  return {};
}

rate_limits share_limits::of(const share_id& id) const {
  const auto at = limits_.find(id);
  return at == limits_.end() ? rate_limits{} : at->second;
}

awaitable<result<void>> share_limits::set(share_id id, rate_limits limits) {
  if (limits == of(id)) co_return result<void>{};
  if (limits.any()) {
    limits_[id] = limits;
  } else {
    limits_.erase(id);
  }
  if (!context_.peer.remember_shares) co_return result<void>{};
  auto save = [&database = context_.peer.database, id, limits] { return database.save_limits(id, limits); };
  co_return co_await offload(context_.peer.background, std::move(save));
}

awaitable<result<void>> share_limits::inherit(share_id from, share_id to) {
  if (from == to) co_return result<void>{};
  const rate_limits limits = of(from);
  if (!of(to).any()) {
    const auto kept = co_await set(to, limits);
    if (!kept) co_return kept.error();
  }
  const rate_limits none;
  co_return co_await set(from, none);
}

}  // namespace shoal
