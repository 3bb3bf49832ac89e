#include "peer/library/content_doubt.hpp"

#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/piece_check.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<result<void>> content_doubt::is_there(std::shared_ptr<share> which) {
  while (true) {
    auto looked = co_await losses_.look_at_disk(which);
    if (!looked) co_return looked.error();
    if (looked->empty()) co_return result<void>{};
    if (!reads(which->content().files()->path())) {
      const auto ended = co_await end_doubt(which, std::move(*looked));
      if (!ended) co_return ended;
    } else {
      co_await context_.changes.wait_until(never);
    }
    if (context_.stopped()) co_return error{errc::cancelled, "the peer stops"};
  }
}

awaitable<void> content_doubt::look_again(std::shared_ptr<share> which) {
  auto looked = co_await losses_.look_at_disk(which);
  // To read takes long, and others are to be looked at.
  if (looked && !looked->empty() && !reads(which->content().files()->path())) {
    context_.tasks.spawn("read what is in doubt", end_doubt_aside(which, std::move(*looked)));
  }
}

awaitable<void> content_doubt::end_doubt_aside(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful) {
  const auto ended = co_await end_doubt(which, std::move(doubtful));
  if (!ended) log_warn("touched files cannot be read now error=\"{}\"", ended.error().text);
}

awaitable<result<void>> content_doubt::end_doubt(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful) {
  auto wanted = [which] { return !which->stopped(); };
  const auto bad = co_await read(which->content().info(), which->content().files(), std::move(doubtful), wanted);
  if (!bad) co_return bad.error();
  if (*bad > 0 && wanted()) co_await losses_.on_damage(which, *bad);
  co_return result<void>{};
}

awaitable<result<std::size_t>> content_doubt::read(metainfo_ptr info, std::shared_ptr<content_files> files,
                                                   std::vector<doubtful_file> doubtful, std::function<bool()> wanted) {
  const std::string path = files->path();
  reading_.insert(path);
  const geometry& shape = info->shape();
  bitmap candidates(shape.piece_count());
  for (const doubtful_file& one : doubtful) {
    const std::uint32_t first = shape.file_first_piece(one.file).value();
    for (std::uint32_t i = 0; i < shape.file_pieces(one.file); ++i) (void)candidates.set(first + i);
  }
  auto go_on = [this, wanted](std::uint64_t) { return !context_.stopped() && wanted(); };
  const auto good = co_await check_pieces(context_.peer, files, info, candidates, go_on);
  std::size_t bad = 0;
  if (good && go_on(0)) {
    bad = candidates.count() - good->count();
    log_info("touched files are read again name=\"{}\" files={} damaged_pieces={}", printable(info->name()),
             doubtful.size(), bad);
    if (bad == 0) files->accept(doubtful);
    if (bad == 0) co_await record_signatures(info->id(), files);
  }
  reading_.erase(path);
  context_.changes.notify_all();
  if (!good) co_return good.error();
  co_return bad;
}

awaitable<void> content_doubt::record_signatures(share_id id, std::shared_ptr<content_files> files) {
  const std::string path = files->path();
  const std::vector<file_signature> signatures = files->signatures();
  followed_.on_touched(path, signatures);
  auto save = [&database = context_.peer.database, path, signatures, id]() -> result<void> {
    auto row = database.share(path);
    if (!row) return row.error();
    if (!*row || !is_of(**row, id)) return {};
    (*row)->signatures = signatures;
    return database.save_share(**row);
  };
  // Without it the next run reads them once more.
  const auto saved = co_await offload(context_.peer.background, std::move(save));
  if (!saved) log_warn("state cannot be written error=\"{}\"", saved.error().text);
}

}  // namespace shoal
