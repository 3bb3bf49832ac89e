#include "policy/layer_collection.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

#include "core/assert.hpp"

namespace shoal {

namespace {

auto order(const hash_range& range) {
  return std::tie(range.root, range.index, range.count, range.proof_layers, range.base_height);
}

}  // namespace

std::vector<layer_collection::task> layer_collection::tasks_of(const metainfo& info) {
  struct row {
    hash_range range;
    file_index file;
  };
  std::vector<row> rows;
  const geometry& shape = info.shape();
  for (std::uint32_t i = 0; i < info.files().size(); ++i) {
    const file_index file{i};
    const std::uint32_t pieces = shape.file_pieces(file);
    if (pieces <= 1) continue;
    const digest& root = info.files()[i].root;
    for (const auto& range : piece_layer_requests(root, pieces, shape.piece_bytes() / block_bytes)) {
      rows.push_back({range, file});
    }
  }
  std::ranges::sort(rows, [](const row& a, const row& b) {
    return std::tuple(order(a.range), a.file) < std::tuple(order(b.range), b.file);
  });
  std::vector<task> tasks;
  for (const row& one : rows) {
    if (tasks.empty() || !(tasks.back().range == one.range)) tasks.push_back({one.range, {}});
    tasks.back().files.push_back(one.file);
  }
  return tasks;
}

layer_collection::layer_collection(metainfo_ptr info)
    : info_(std::move(info)),
      tasks_(tasks_of(*info_)),
      spread_(static_cast<std::uint32_t>(tasks_.size())),
      layers_(info_->files().size()) {}

std::optional<hash_range> layer_collection::next_range(source_id source, bool duplicate, time_point now) {
  const auto task = spread_.next(source, duplicate, now);
  if (!task) return std::nullopt;
  return tasks_[*task].range;
}

std::optional<std::uint32_t> layer_collection::find(const hash_range& range) const {
  const auto at = std::lower_bound(tasks_.begin(), tasks_.end(), range, [](const task& one, const hash_range& wanted) {
    return order(one.range) < order(wanted);
  });
  if (at == tasks_.end() || !(at->range == range)) return std::nullopt;
  return static_cast<std::uint32_t>(at - tasks_.begin());
}

void layer_collection::on_given_back(source_id source, const hash_range& range) {
  if (const auto task = find(range)) spread_.on_given_back(source, *task);
}

layer_collection::answer layer_collection::on_hashes(const hash_range& range, std::span<const digest> hashes) {
  const auto task = find(range);
  if (!task || spread_.done(*task)) return answer::not_needed;
  const auto& files = tasks_[*task].files;
  const std::uint32_t width = std::bit_ceil(info_->shape().file_pieces(files.front()));
  if (hashes.size() < range.count || !merkle_verify(range, hashes, width)) return answer::wrong;
  for (const file_index file : files) {
    const std::uint32_t pieces = info_->shape().file_pieces(file);
    auto& layer = layers_[file.value()];
    layer.resize(pieces);
    // Files with one root and different sizes are refused by metainfo when all is there.
    const std::uint32_t count = range.index < pieces ? std::min(range.count, pieces - range.index) : 0;
    std::copy_n(hashes.begin(), count, layer.begin() + range.index);
  }
  spread_.on_done(*task);
  return answer::kept;
}

void layer_collection::check_invariants() const {
  SHOAL_ASSERT(spread_.size() == tasks_.size());
  spread_.check_invariants();
}

}  // namespace shoal
