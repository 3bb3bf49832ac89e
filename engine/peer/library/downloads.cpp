#include "peer/library/downloads.hpp"

#include <utility>

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<void> downloads::restore(stored_download row, std::uint64_t mend_inode) {
  if (row.paused) co_return pause(std::move(row));
  download_request request;
  request.id = row.id;
  request.name = row.name;
  request.directory = row.directory;
  request.symlinks = row.symlinks;
  request.keep_modes = row.keep_modes;
  request.reuse = !row.no_reuse;
  request.update = row.update;
  request.delete_dropped = row.delete_dropped;
  request.peers = row.peers;
  request.safe = row.safe;
  request.pending = row.pending;
  request.partial = row.partial;
  request.published = row.published;
  request.mend_inode = mend_inode;
  if (context_.is_for_readers(row.directory)) request.bytes_max = context_.settings.read_bytes_max;
  if (!row.torrent.empty()) {
    auto info = metainfo::from_torrent(row.torrent);
    if (info) request.info = *info;
  }
  const auto begun = co_await begin(std::move(request));
  if (begun) (*begun)->wanted().on_background();
  if (!begun) log_warn("download is not resumed name=\"{}\" error=\"{}\"", printable(row.name), begun.error().text);
}

awaitable<void> downloads::let_go(std::shared_ptr<share> which) {
  if (hosted_.find(which->id()) == which) co_await hosted_.retire(which, end_reason::share_removed);
  co_await hosted_.wait_for_stopped(which->id());
  const auto files = which->content().files();
  if (!files) co_return;
  // Others may hold it for a moment yet, and with it the lock of its partial.
  auto rest = [files] { return files->rest(); };
  const auto rests = co_await offload(context_.peer.background, std::move(rest));
  if (!rests)
    log_warn("a download does not rest name=\"{}\" error=\"{}\"", printable(which->name()), rests.error().text);
}

awaitable<result<void>> downloads::cancel(share_id id) {
  const auto turn = co_await turns_.take(id);
  const auto which = hosted_.find(id);
  if (!which || which->content().complete()) {
    co_return error{errc::not_found, "no download " + id.hex() + " is running", remedy::see_status};
  }
  co_await hosted_.wait_for_finish(which);
  if (which->content().complete()) {
    co_return error{
        errc::conflict,
        "'" + which->name() + "' was complete before it could be cancelled: remove it if it is not to be shared"};
  }
  log_info("download is cancelled name=\"{}\" kept=\"{}\"", printable(which->name()),
           human_bytes(which->content().verified_bytes()));
  co_await hosted_.retire(which, end_reason::share_removed);
  // Asked for again meanwhile: it goes on.
  if (hosted_.find(id)) co_return result<void>{};
  const auto files = which->content().files();
  auto keep = [this, id, files]() -> result<void> {
    auto& database = context_.peer.database;
    if (auto paused = database.pause_download(id); !paused) return paused;
    const auto row = database.download(id);
    if (!row) return row.error();
    // What was complete once goes back to its place, also if it was only about to be opened.
    if (!*row || !(*row)->partial.taken_back) return {};
    if (!files) return forget(id);
    if (auto given_back = files->discard(); !given_back) return given_back;
    return database.remove_download(id);
  };
  const auto kept = co_await offload(context_.peer.background, std::move(keep));
  co_await list_paused(id);
  co_return kept;
}

awaitable<result<void>> downloads::remove(std::shared_ptr<share> which) {
  const share_id id = which->id();
  const auto files = which->content().files();
  log_info("download is removed name=\"{}\"", printable(which->name()));
  which->wanted().on_removed();
  co_await hosted_.retire(which, end_reason::share_removed);
  auto discard = [this, id, files]() -> result<void> {
    auto& database = context_.peer.database;
    if (auto paused = database.pause_download(id); !paused) return paused;
    if (!files) return forget(id);
    if (auto discarded = files->discard(); !discarded) return discarded;
    return database.remove_download(id);
  };
  const auto discarded = co_await offload(context_.peer.background, std::move(discard));
  // What cannot be deleted, or go back to its place, stays listed.
  if (!discarded) co_await list_paused(id);
  co_return discarded;
}

awaitable<void> downloads::list_paused(share_id id) {
  auto read = [&database = context_.peer.database, id] { return database.download(id); };
  auto kept = co_await offload(context_.peer.background, std::move(read));
  if (kept && *kept && !hosted_.find(id)) pause(std::move(**kept));
}

void downloads::pause(stored_download row) {
  auto info = metainfo::from_torrent(row.torrent);
  row.torrent.clear();
  const share_id id = row.id;
  paused_.insert_or_assign(id, paused_download{std::move(row), info ? *info : nullptr});
  context_.changes.notify_all();
}

const paused_download* downloads::paused(const share_id& id) const {
  const auto at = paused_.find(id);
  return at != paused_.end() ? &at->second : nullptr;
}

awaitable<result<void>> downloads::forget_paused(share_id id) {
  auto kept = paused_.extract(id);
  auto discard = [this, id] { return forget(id); };
  const auto discarded = co_await offload(context_.peer.background, std::move(discard));
  if (!discarded && kept && !hosted_.find(id)) paused_.insert(std::move(kept));
  co_return discarded;
}

result<void> downloads::forget(const share_id& id) {
  auto row = context_.peer.database.download(id);
  if (!row) return row.error();
  // Begun again meanwhile: it is somebody's.
  if (!*row || !(*row)->paused) return {};
  const auto info = metainfo::from_torrent((*row)->torrent);
  auto removed = remove_partial((*row)->directory, (*row)->partial, info ? info->get() : nullptr);
  return removed ? context_.peer.database.remove_download(id) : removed;
}

}  // namespace shoal
