#include "peer/library/recorded_content.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

using contents = std::vector<local_content>;

/// It was deleted or moved, and its disk is there.
bool is_gone(const std::string& path) {
  struct stat status{};
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return ::lstat(path.c_str(), &status) != 0 && errno == ENOENT && ::stat(parent.c_str(), &status) == 0;
}

/// Of all shares on the record, or only of those that commands downloaded alone.
result<contents> read_record(state_database& database, const std::shared_ptr<file_cache>& cache, bool only_alone) {
  const auto rows = database.shares();
  if (!rows) return rows.error();
  contents found;
  for (const stored_share& row : *rows) {
    if (only_alone && !row.alone) continue;
    const auto info = metainfo::from_torrent(row.torrent);
    if (!info || !(*info)->has_layers() || row.signatures.empty()) continue;
    auto files = content_files::open_complete(row.path, *info, row.signatures, cache);
    if (!files && row.alone && is_gone(row.path)) {
      if (auto forgotten = database.remove_share(row.path); !forgotten) return forgotten.error();
    }
    if (!files) continue;
    bitmap all((*info)->shape().piece_count());
    all.set_all();
    found.push_back({{*info, std::move(all)}, std::move(*files), {}});
  }
  return found;
}

}  // namespace

awaitable<void> recorded_content::read() {
  auto look = [&database = context_.peer.database, cache = context_.peer.files,
               only_alone = context_.peer.remember_shares] { return read_record(database, cache, only_alone); };
  auto found = co_await offload(context_.peer.background, std::move(look));
  if (!found) {
    log_warn("nothing on record is reused error=\"{}\"", found.error().text);
    co_return;
  }
  content_ = std::move(*found);
  for (const auto& [id, one] : hosted_.all()) {
    for (const local_content& content : content_) {
      if (one->downloading() != nullptr) one->downloading()->on_content_here(content);
    }
  }
}

}  // namespace shoal
