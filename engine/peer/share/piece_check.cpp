#include "peer/share/piece_check.hpp"

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <thread>

#include "content/merkle.hpp"
#include "content/zero_pieces.hpp"
#include "net/offload.hpp"
#include "net/task_group.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

struct check_run {
  peer_context& context;
  std::shared_ptr<content_files> files;
  metainfo_ptr info;
  bitmap candidates;
  std::function<bool(std::uint64_t)> on_progress;
  bitmap good;
  std::uint32_t next = 0;
  std::optional<error> failure = std::nullopt;
};

result<bool> piece_is_good(content_files& files, const metainfo& info, piece_index piece) {
  const geometry& shape = info.shape();
  const std::uint32_t piece_blocks = shape.piece_bytes() / block_bytes;
  const bool only_piece = shape.file_pieces(shape.piece_file(piece)) == 1;
  // A hole is not read: in a sparse file there may be more of them than a disk could hold.
  const bool zeros = info.piece_hash(piece) == zero_piece_hash(shape.piece_size(piece), piece_blocks, only_piece);
  if (zeros && files.is_hole(piece)) return true;
  byte_buffer data(shape.piece_size(piece));
  if (const auto read = files.read(piece, 0, data); !read) {
    const error& why = read.error();
    if (why.code == errc::limit || why.code == errc::permission) return why;
    return false;
  }
  std::vector<digest> leaves(shape.piece_blocks(piece));
  sha256_leaves(data, leaves);
  return piece_root(leaves, piece_blocks, only_piece) == info.piece_hash(piece);
}

awaitable<void> check_some(check_run& run) {
  while (true) {
    const std::uint32_t index = run.candidates.next_set(run.next);
    if (index >= run.candidates.size()) co_return;
    run.next = index + 1;
    const piece_index piece{index};
    auto check = [files = run.files, info = run.info, piece] { return piece_is_good(*files, *info, piece); };
    const result<bool> good = co_await offload(run.context.workers, std::move(check));
    if (!good) {
      run.failure = good.error();
      run.next = run.candidates.size();
      co_return;
    }
    if (*good) run.good.set(index);
    if (!run.on_progress(run.info->shape().piece_size(piece))) run.next = run.candidates.size();
  }
}

}  // namespace

awaitable<result<bitmap>> check_pieces(peer_context& context, std::shared_ptr<content_files> files, metainfo_ptr info,
                                       bitmap candidates, std::function<bool(std::uint64_t)> on_progress) {
  bitmap good(candidates.size());
  check_run run{context, std::move(files), std::move(info), std::move(candidates), std::move(on_progress), good, 0};
  task_group readers(context.executor);
  const unsigned lanes = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < lanes; ++i) readers.spawn("check", check_some(run));
  co_await readers.join();
  if (run.failure) co_return *run.failure;
  co_return std::move(run.good);
}

awaitable<result<bitmap>> check_patiently(peer_context& context, std::shared_ptr<content_files> files,
                                          metainfo_ptr info, bitmap candidates, download_progress& progress) {
  auto count = [&progress](std::uint64_t bytes) {
    progress.bytes().checked += bytes;
    return progress.goes_on();
  };
  asio::steady_timer pause(context.executor);
  while (true) {
    progress.bytes().checked = 0;
    auto checked = co_await check_pieces(context, files, info, candidates, count);
    const bool lacking = !checked && checked.error().code == errc::limit && progress.goes_on();
    if (!lacking || !progress.tries_again(checked.error(), clock::now())) co_return checked;
    pause.expires_after(descriptors_interval);
    (void)co_await pause.async_wait(use_tuple);
  }
}

error damaged_error(const std::string& path, std::size_t pieces) {
  return {errc::verification, printable(path) + " has " + std::to_string(pieces) + " damaged " +
                                  (pieces == 1 ? "piece" : "pieces") + ": download it again, or add it anew"};
}

}  // namespace shoal
