// Files that look unchanged, but that somebody did something to: they are read before anything is said of them.

#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "peer/share/piece_check.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<result<void>> peer_node::is_there(std::shared_ptr<share> which) {
  while (true) {
    auto looked = co_await look_at_disk(which);
    if (!looked) co_return looked.error();
    if (looked->empty()) co_return result<void>{};
    if (!in_doubt_.contains(which->files()->path())) {
      const auto ended = co_await end_doubt(which, std::move(*looked));
      if (!ended) co_return ended;
    } else {
      co_await changes_.wait_until(never);
    }
    if (stopped_) co_return error{errc::cancelled, "the peer stops"};
  }
}

awaitable<void> peer_node::look_again(std::shared_ptr<share> which) {
  auto looked = co_await look_at_disk(which);
  // To read takes long, and others are to be looked at.
  if (looked && !looked->empty() && !in_doubt_.contains(which->files()->path())) {
    tasks_.spawn("read what is in doubt", end_doubt_aside(which, std::move(*looked)));
  }
}

awaitable<void> peer_node::end_doubt_aside(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful) {
  const auto ended = co_await end_doubt(which, std::move(doubtful));
  if (!ended) log_warn("touched files cannot be read now error=\"{}\"", ended.error().text);
}

awaitable<result<void>> peer_node::end_doubt(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful) {
  auto wanted = [which] { return !which->stopped(); };
  const auto bad = co_await read_doubtful(which->info(), which->files(), std::move(doubtful), wanted);
  if (!bad) co_return bad.error();
  if (*bad > 0 && wanted()) co_await on_damage(which, *bad);
  co_return result<void>{};
}

awaitable<void> peer_node::readmit(stored_share row, metainfo_ptr info, std::shared_ptr<content_files> files,
                                   std::vector<doubtful_file> doubtful) {
  // Another version may have been added there meanwhile, and be missing now.
  auto wanted = [this, id = info->id(), path = row.path] {
    const auto at = missing_.find(path);
    return at != missing_.end() && at->second.info->id() == id && !shares_.contains(id);
  };
  const auto bad = co_await read_doubtful(info, files, std::move(doubtful), wanted);
  if (stopped_ || !wanted()) co_return;
  if (!bad) {
    // The next look tries again.
    missing_.at(row.path).why = bad.error();
    co_return;
  }
  if (*bad == 0) co_return there_again(row, info, files);
  // What went away meanwhile is not damaged.
  auto look = [files] { return files->check(); };
  const auto there = co_await offload(looks_, std::move(look));
  if (stopped_ || !wanted()) co_return;
  if (!there) {
    missing_.at(row.path).why = why_missing(row, there.error());
    co_return;
  }
  missing_.erase(row.path);
  losing_.insert(info->id());
  co_await miss_lost(info->id(), row.path, damaged_error(row.path, *bad));
}

awaitable<result<std::size_t>> peer_node::read_doubtful(metainfo_ptr info, std::shared_ptr<content_files> files,
                                                        std::vector<doubtful_file> doubtful,
                                                        std::function<bool()> wanted) {
  const std::string path = files->path();
  in_doubt_.insert(path);
  const geometry& shape = info->shape();
  bitmap candidates(shape.piece_count());
  for (const doubtful_file& one : doubtful) {
    const std::uint32_t first = shape.file_first_piece(one.file).value();
    for (std::uint32_t i = 0; i < shape.file_pieces(one.file); ++i) (void)candidates.set(first + i);
  }
  auto go_on = [this, wanted](std::uint64_t) { return !stopped_ && wanted(); };
  const auto good = co_await check_pieces(*context_, files, info, candidates, go_on);
  std::size_t bad = 0;
  if (good && go_on(0)) {
    bad = candidates.count() - good->count();
    log_info("touched files are read again name=\"{}\" files={} damaged_pieces={}", printable(info->name()),
             doubtful.size(), bad);
    if (bad == 0) files->accept(doubtful);
    if (bad == 0) co_await record_signatures(info->id(), files);
  }
  in_doubt_.erase(path);
  changes_.notify_all();
  if (!good) co_return good.error();
  co_return bad;
}

awaitable<void> peer_node::record_signatures(share_id id, std::shared_ptr<content_files> files) {
  const std::string path = files->path();
  const std::vector<file_signature> signatures = files->signatures();
  if (const auto followed = followed_.find(path); followed != followed_.end()) followed->second.shared = signatures;
  auto save = [this, path, signatures, id]() -> result<void> {
    auto row = database_->share(path);
    if (!row) return row.error();
    if (!*row || !is_of(**row, id)) return {};
    (*row)->signatures = signatures;
    return database_->save_share(**row);
  };
  // Without it the next run reads them once more.
  const auto saved = co_await offload(background_, std::move(save));
  if (!saved) log_warn("state cannot be written error=\"{}\"", saved.error().text);
}

}  // namespace shoal
