#include "peer/share/make_share.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <optional>
#include <thread>

#include "content/merkle.hpp"
#include "content/zero_pieces.hpp"
#include "net/offload.hpp"
#include "net/task_group.hpp"
#include "store/beneath.hpp"
#include "store/hash_file.hpp"
#include "store/holes.hpp"
#include "store/partial_folder.hpp"

namespace shoal {

namespace {

// One job of a worker: long enough to be worth the hop, short enough to keep all cores busy to the end.
constexpr std::uint64_t job_bytes = 16 * MiB;
// Small files of one job; each costs an open and a close.
constexpr std::uint32_t job_files_max = 256;

// Consecutive pieces of consecutive files: part of one large file, or several small files whole.
struct job {
  std::uint32_t first_file = 0;
  std::uint32_t files = 1;
  std::uint32_t first_piece_in_file = 0;
  std::uint32_t pieces = 0;  // of the only file; 0: all files whole
  std::uint64_t bytes = 0;
};

std::vector<job> plan(const scan_result& found, std::uint32_t piece_bytes) {
  std::vector<job> jobs;
  const std::uint64_t pieces_per_job = std::max<std::uint64_t>(1, job_bytes / piece_bytes);
  std::optional<job> small;
  for (std::uint32_t i = 0; i < found.files.size(); ++i) {
    const std::uint64_t size = found.files[i].size;
    if (size >= job_bytes) {
      const std::uint64_t pieces = (size + piece_bytes - 1) / piece_bytes;
      for (std::uint64_t first = 0; first < pieces; first += pieces_per_job) {
        const std::uint64_t count = std::min(pieces_per_job, pieces - first);
        const std::uint64_t bytes = std::min(count * piece_bytes, size - first * piece_bytes);
        jobs.push_back({i, 1, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count), bytes});
      }
      continue;
    }
    const bool joins = small && small->first_file + small->files == i && small->bytes + size <= job_bytes &&
                       small->files < job_files_max;
    if (joins) {
      ++small->files;
      small->bytes += size;
    } else {
      if (small) jobs.push_back(*small);
      small = job{i, 1, 0, 0, size};
    }
  }
  if (small) jobs.push_back(*small);
  return jobs;
}

struct publish_run {
  peer_context& context;
  const scan_result& found;
  std::function<bool(std::uint64_t)> on_progress;
  std::uint32_t piece_bytes;
  unique_descriptor root;  // the folder, or the directory of the only file
  std::vector<std::vector<digest>> layers;
  std::vector<bool> known;  // by file: its layer is there
  std::vector<job> jobs;
  std::size_t next = 0;
  std::optional<error> failure;
};

result<void> hash_pieces(publish_run& run, std::uint32_t file, std::uint32_t first_piece, std::uint32_t pieces,
                         int descriptor) {
  const std::uint64_t size = run.found.files[file].size;
  const std::uint32_t piece_blocks = run.piece_bytes / block_bytes;
  auto& layer = run.layers[file];
  // A small file is read sooner than asked about.
  struct stat status{};
  const bool sparse = size >= job_bytes && fstat(descriptor, &status) == 0 && !has_all_blocks(status, size);
  for (std::uint32_t i = first_piece; i < first_piece + pieces; ++i) {
    const std::uint64_t offset = std::uint64_t{i} * run.piece_bytes;
    const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(run.piece_bytes, size - offset));
    // That the file did not become shorter is seen by its signature.
    if (sparse && is_hole(descriptor, offset, bytes)) {
      layer[i] = zero_piece_hash(bytes, piece_blocks, layer.size() == 1);
      continue;
    }
    const auto leaves = hash_blocks(descriptor, offset, bytes);
    if (!leaves) return leaves.error();
    layer[i] = piece_root(*leaves, piece_blocks, layer.size() == 1);
  }
  return {};
}

result<void> do_job(publish_run& run, const job& what) {
  for (std::uint32_t i = what.first_file; i < what.first_file + what.files; ++i) {
    const file_entry& entry = run.found.files[i];
    if (entry.size == 0 || entry.type != file_entry::kind::regular || run.known[i]) continue;
    // A single file has the name that it was asked for by, which may be that of a symlink to it.
    const std::string_view path = run.found.folder ? std::string_view(entry.path) : last_element(run.found.path);
    const auto descriptor = open_beneath(run.root.get(), path, O_RDONLY);
    if (!descriptor) return system_error("cannot read " + run.found.path + ": " + entry.path, errno);
    const auto pieces = what.pieces != 0 ? what.pieces : static_cast<std::uint32_t>(run.layers[i].size());
    if (auto hashed = hash_pieces(run, i, what.first_piece_in_file, pieces, descriptor.get()); !hashed) return hashed;
  }
  return {};
}

awaitable<void> do_jobs(publish_run& run) {
  while (run.next < run.jobs.size() && !run.failure) {
    const job what = run.jobs[run.next++];
    auto work = [&run, what] { return do_job(run, what); };
    const auto done = co_await offload(run.context.workers, std::move(work));
    if (!done) run.failure = done.error();
    if (!run.failure && !run.on_progress(what.bytes)) run.failure = error{errc::cancelled, "adding was cancelled"};
  }
}

// Roots from layers; a file of one piece has no layer of its own in the metainfo.
void set_roots(std::vector<file_entry>& files, std::vector<std::vector<digest>>& layers, std::uint32_t piece_bytes) {
  const auto piece_height = static_cast<std::uint32_t>(std::countr_zero(piece_bytes / block_bytes));
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto& layer = layers[i];
    if (layer.empty()) continue;
    files[i].root = layer.size() == 1 ? layer[0] : merkle_root(layer, piece_height);
    if (layer.size() == 1) layer.clear();
  }
}

}  // namespace

awaitable<result<made_share>> make_share(peer_context& context, scan_result found, known_content before,
                                         std::uint32_t piece_bytes, std::function<bool(std::uint64_t)> on_progress) {
  std::uint64_t total = 0;
  for (const file_entry& entry : found.files) total += entry.size;
  publish_run run{context, found, std::move(on_progress), std::max(piece_bytes, piece_bytes_for(total)), {}, {}, {}, {},
                  0,       {}};
  const std::string root = found.folder ? found.path : found.path.substr(0, found.path.rfind('/') + 1);
  run.root.reset(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!run.root) co_return system_error("cannot open " + root, errno);
  auto look_up = [before = std::move(before), found, piece_bytes = run.piece_bytes] {
    return known_layers(before, found, piece_bytes);
  };
  run.layers = co_await offload(context.background, std::move(look_up));
  run.known.resize(found.files.size());
  made_share counted;
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    if (found.files[i].type != file_entry::kind::regular || found.files[i].size == 0) continue;
    run.known[i] = !run.layers[i].empty();
    ++(run.known[i] ? counted.files_known : counted.files_hashed);
    if (!run.known[i]) run.layers[i].resize((found.files[i].size + run.piece_bytes - 1) / run.piece_bytes);
  }
  run.jobs = plan(found, run.piece_bytes);
  task_group hashers(context.executor);
  // Each worker finds its next job waiting when it ends one.
  const unsigned lanes = 2 * std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < lanes; ++i) hashers.spawn("hash", do_jobs(run));
  co_await hashers.join();
  if (run.failure) co_return *run.failure;
  // Of a million files it takes seconds.
  auto finish = [found, layers = std::move(run.layers), piece_bytes = run.piece_bytes, cache = context.files,
                 counted]() mutable -> result<made_share> {
    set_roots(found.files, layers, piece_bytes);
    auto info = metainfo::build(found.name, found.folder, piece_bytes, std::move(found.files), std::move(layers),
                                encode_attributes(found.attributes));
    if (!info) return info.error();
    auto opened = content_files::open_complete(found.path, *info, found.signatures, cache);
    if (!opened) return opened.error();
    return made_share{*info, *opened, counted.files_hashed, counted.files_known};
  };
  co_return co_await offload(context.background, std::move(finish));
}

}  // namespace shoal
