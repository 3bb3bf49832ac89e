#include "peer/library/share_losses.hpp"

#include <optional>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/piece_check.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Longer than a downloader takes to come back when a session has ended.
constexpr duration withdraw_delay = std::chrono::seconds(2);

}  // namespace

bool is_of(const stored_share& row, const share_id& id) {
  const auto info = metainfo::from_torrent(row.torrent);
  return info && (*info)->id() == id;
}

void share_losses::on_lost(share& which, const error& why) {
  if (withdraw(which, why)) context_.tasks.spawn("miss share", miss(which.id(), which.content().files()->path(), why));
}

bool share_losses::withdraw(const share& which, const error& why) {
  const auto lost = hosted_.take_out(which);
  if (!lost) return false;
  log_error("share is lost name=\"{}\" error=\"{}\"", printable(lost->name()), why.text);
  if (lost->stop_lost(why)) {
    context_.discovery.withdraw(lost->id());
  } else {
    context_.tasks.spawn("withdraw", withdraw_soon(lost->id()));
  }
  losing_.insert(lost->id());
  return true;
}

awaitable<void> share_losses::withdraw_soon(share_id id) {
  const auto when = clock::now() + withdraw_delay;
  while (!context_.stopped() && clock::now() < when) co_await context_.changes.wait_until(when);
  if (!context_.stopped() && !hosted_.find(id)) context_.discovery.withdraw(id);
}

awaitable<void> share_losses::miss(share_id id, std::string path, error why) {
  const bool damaged = why.code == errc::verification;
  // Of another version, which was added meanwhile, nothing is known.
  auto read = [&database = context_.peer.database, id, path, damaged]() -> result<std::optional<stored_share>> {
    auto row = database.share(path);
    if (row && *row && !is_of(**row, id)) return std::optional<stored_share>();
    if (row && *row && damaged) {
      // Its files look as they should: without signatures it is not offered again by the next run either.
      (*row)->signatures.clear();
      if (auto saved = database.save_share(**row); !saved) return saved.error();
    }
    return row;
  };
  auto row = co_await offload(context_.peer.background, std::move(read));
  if (!context_.stopped() && row && *row && !hosted_.complete_at(path)) {
    missing_.add(**row, followed_.why_missing(path, std::move(why)));
  }
  losing_.erase(losing_.find(id));
  context_.changes.notify_all();
}

awaitable<void> share_losses::settle() {
  while (!losing_.empty() && !context_.stopped()) co_await context_.changes.wait_until(never);
}

awaitable<void> share_losses::on_damage(std::shared_ptr<share> which, std::size_t pieces) {
  // Of what is not there at all nothing more is said.
  if (!co_await look_at_disk(which)) co_return;
  const std::string path = which->content().files()->path();
  const error why = damaged_error(path, pieces);
  if (withdraw(*which, why)) co_await miss(which->id(), path, why);
}

awaitable<void> share_losses::on_damage(share_id missing, std::string path, std::size_t pieces) {
  missing_.remove(path);
  losing_.insert(missing);
  co_await miss(missing, path, damaged_error(path, pieces));
}

awaitable<result<std::vector<doubtful_file>>> share_losses::look_at_disk(std::shared_ptr<share> which) {
  const auto files = which->content().files();
  auto look = [files] { return files->check(); };
  auto there = co_await offload(context_.looks, std::move(look));
  const bool lost = !there && (there.error().code == errc::not_found || there.error().code == errc::conflict);
  if (lost && withdraw(*which, there.error())) co_await miss(which->id(), files->path(), there.error());
  if (there && which->stopped()) co_return error{errc::cancelled, printable(files->path()) + " is not shared any more"};
  co_return there;
}

}  // namespace shoal
