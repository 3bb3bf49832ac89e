// downloads: what cancelled downloads have on disk, for the downloads that run.

#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/downloads.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<std::vector<local_content>> downloads::kept_content(share_id besides) {
  co_await open_kept();
  std::vector<local_content> content;
  for (const auto& [id, kept] : paused_) {
    if (id == besides || !kept.files) continue;
    auto verified = bitmap::from_bytes(kept.row.safe, kept.info->shape().piece_count());
    if (!verified || verified->none()) continue;
    auto doubt = [this, id](piece_index) { context_.tasks.spawn("doubt what is kept", doubt_kept(id)); };
    content.push_back({{kept.info, std::move(*verified)}, kept.files, std::move(doubt)});
  }
  co_return content;
}

awaitable<void> downloads::open_kept() {
  std::vector<paused_download> closed;
  for (const auto& [id, kept] : paused_) {
    if (!kept.files && kept.info && kept.info->has_layers() && !kept.row.safe.empty()) closed.push_back(kept);
  }
  if (closed.empty()) co_return;
  auto open = [closed = std::move(closed), cache = context_.peer.files]() mutable {
    for (paused_download& kept : closed) {
      auto files = content_files::open_kept(kept.row.directory, kept.info, kept.row.partial, cache);
      if (files) kept.files = std::move(*files);
    }
    return std::move(closed);
  };
  const auto opened = co_await offload(context_.peer.background, std::move(open));
  for (const paused_download& kept : opened) {
    // It may have gone on meanwhile, and been cancelled again.
    const auto at = paused_.find(kept.row.id);
    if (at != paused_.end() && at->second.row.safe == kept.row.safe) at->second.files = kept.files;
  }
}

awaitable<void> downloads::doubt_kept(share_id id) {
  const auto at = paused_.find(id);
  if (at == paused_.end() || at->second.row.safe.empty()) co_return;
  log_warn("what a cancelled download has is damaged name=\"{}\"", printable(at->second.row.name));
  at->second.row.safe.clear();
  auto forget = [&database = context_.peer.database, id] { return database.save_progress(id, {}, {}); };
  const auto forgotten = co_await offload(context_.peer.background, std::move(forget));
  if (!forgotten) log_warn("state cannot be written error=\"{}\"", forgotten.error().text);
}

}  // namespace shoal
