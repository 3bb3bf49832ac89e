#include "peer/library/publisher_memory.hpp"

#include "net/offload.hpp"
#include "observe/log.hpp"

namespace shoal {

result<void> publisher_memory::open() {
  const auto stored = context_.peer.database.seen_versions();
  if (!stored) return stored.error();
  for (const auto& [name, seen] : *stored) (void)known_.on_seen(name, seen);
  return {};
}

void publisher_memory::on_listed(const tracking::share_row& row) {
  const publication& claim = row.publication;
  const bool is_known = known_.find(row.name, claim.signer) != nullptr;
  if (is_known || context_.settings.trust.trusts(claim.signer)) remember(row.name, {claim.signer, row.id, claim.ms});
}

void publisher_memory::on_here(const std::string& name, const share_id& id, const publication& published) {
  if (published.is_signed()) remember(name, {published.signer, id, published.ms});
}

void publisher_memory::remember(const std::string& name, const seen_version& seen) {
  if (!known_.on_seen(name, seen) || context_.stopped()) return;
  unsaved_.emplace_back(name, seen);
  if (saving_) return;
  saving_ = true;
  context_.tasks.spawn("remember publishers", save());
}

awaitable<void> publisher_memory::save() {
  while (!unsaved_.empty()) {
    auto write = [&database = context_.peer.database, rows = std::exchange(unsaved_, {})]() -> result<void> {
      for (const auto& [name, seen] : rows) {
        if (auto saved = database.save_seen_version(name, seen); !saved) return saved;
      }
      return {};
    };
    const auto saved = co_await offload(context_.peer.background, std::move(write));
    if (!saved) log_error("publishers are not remembered error=\"{}\"", saved.error().text);
  }
  saving_ = false;
}

}  // namespace shoal
