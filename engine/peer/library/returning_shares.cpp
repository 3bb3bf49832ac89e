#include "peer/library/returning_shares.hpp"

#include <filesystem>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

struct opened_share {
  metainfo_ptr info;
  std::shared_ptr<content_files> files;
  std::vector<doubtful_file> doubtful;
};

result<opened_share> open_stored(const stored_share& row, const std::shared_ptr<file_cache>& cache) {
  auto info = metainfo::from_torrent(row.torrent);
  if (!info) return info.error();
  if (row.signatures.empty() || !(*info)->has_layers()) {
    return error{errc::verification, printable(row.path) + " is damaged: download it again, or add it anew"};
  }
  std::error_code none;
  if (std::filesystem::symlink_status(row.path, none).type() == std::filesystem::file_type::not_found) {
    return error{errc::not_found, printable(row.path) + " is gone"};
  }
  auto files = content_files::open_complete(row.path, *info, row.signatures, cache);
  if (!files) return files.error();
  auto doubtful = (*files)->check();
  if (!doubtful) return doubtful.error();
  return opened_share{*info, *files, std::move(*doubtful)};
}

error doubt_error(const std::string& path) {
  return {errc::conflict, printable(path) + " was touched: it is being read, and shared again if it is as it was"};
}

}  // namespace

awaitable<bool> returning_shares::restore(stored_share row) {
  auto look = [row, cache = context_.peer.files] { return open_stored(row, cache); };
  auto ready = co_await offload(context_.looks, std::move(look));
  if (context_.stopped()) co_return false;
  followed_.on_shared(row);
  if (!ready) {
    log_warn("share is not there path=\"{}\" error=\"{}\"", printable(row.path), ready.error().text);
    const bool changed = ready.error().code == errc::conflict;
    const std::string path = row.path;
    missing_.add(std::move(row), followed_.why_missing(path, ready.error()));
    co_return changed;
  }
  if (!ready->doubtful.empty()) {
    missing_.add(row, doubt_error(row.path));
    context_.tasks.spawn("read what is in doubt",
                         readmit(std::move(row), ready->info, ready->files, std::move(ready->doubtful)));
    co_return false;
  }
  if (!hosted_.find(ready->info->id())) hosted_.host(ready->info, ready->files, row.published);
  co_return true;
}

awaitable<void> returning_shares::look_for(stored_share row) {
  auto look = [row, cache = context_.peer.files] { return open_stored(row, cache); };
  auto ready = co_await offload(context_.looks, std::move(look));
  if (context_.stopped() || missing_.at(row.path) == nullptr) co_return;
  if (!ready) {
    if (ready.error().code != errc::verification) {
      missing_.explain(row.path, followed_.why_missing(row.path, ready.error()));
    }
    co_return;
  }
  if (hosted_.find(ready->info->id()) || doubt_.reads(row.path)) co_return;
  if (ready->doubtful.empty()) co_return host_again(row, ready->info, ready->files);
  missing_.explain(row.path, doubt_error(row.path));
  context_.tasks.spawn("read what is in doubt",
                       readmit(std::move(row), ready->info, ready->files, std::move(ready->doubtful)));
}

awaitable<void> returning_shares::readmit(stored_share row, metainfo_ptr info, std::shared_ptr<content_files> files,
                                          std::vector<doubtful_file> doubtful) {
  // Another version may have been added there meanwhile, and be missing now.
  auto wanted = [this, id = info->id(), path = row.path] {
    const missing_share* known = missing_.at(path);
    return known != nullptr && known->info->id() == id && !hosted_.find(id);
  };
  const auto bad = co_await doubt_.read(info, files, std::move(doubtful), wanted);
  if (context_.stopped() || !wanted()) co_return;
  // The next look tries again.
  if (!bad) co_return missing_.explain(row.path, bad.error());
  if (*bad == 0) co_return host_again(row, info, files);
  // What went away meanwhile is not damaged.
  auto look = [files] { return files->check(); };
  const auto there = co_await offload(context_.looks, std::move(look));
  if (context_.stopped() || !wanted()) co_return;
  if (!there) co_return missing_.explain(row.path, followed_.why_missing(row.path, there.error()));
  co_await losses_.on_damage(info->id(), row.path, *bad);
}

void returning_shares::host_again(const stored_share& row, metainfo_ptr info, std::shared_ptr<content_files> files) {
  missing_.remove(row.path);
  log_info("share is there again path=\"{}\"", printable(row.path));
  hosted_.host(std::move(info), std::move(files), row.published);
  context_.changes.notify_all();
}

}  // namespace shoal
