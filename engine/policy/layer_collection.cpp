#include "policy/layer_collection.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

#include "core/assert.hpp"

namespace shoal {

layer_collection::layer_collection(metainfo_ptr info) : info_(std::move(info)) {
  const geometry& shape = info_->shape();
  layers_.resize(info_->files().size());
  for (std::uint32_t i = 0; i < info_->files().size(); ++i) {
    const file_index file{i};
    const std::uint32_t pieces = shape.file_pieces(file);
    if (pieces <= 1) continue;
    const digest& root = info_->files()[i].root;
    for (const auto& range : piece_layer_requests(root, pieces, shape.piece_bytes() / block_bytes)) {
      tasks_.push_back({range, file});
    }
  }
  std::ranges::sort(tasks_, [](const task& a, const task& b) {
    return std::tie(a.range.root, a.range.index, a.file) < std::tie(b.range.root, b.range.index, b.file);
  });
  missing_ = tasks_.size();
}

std::optional<hash_range> layer_collection::next_range() {
  while (!given_back_.empty()) {
    task& one = tasks_[given_back_.front()];
    given_back_.pop_front();
    one.given_back = false;
    if (!one.done) return one.range;
  }
  while (next_ < tasks_.size()) {
    const task& one = tasks_[next_++];
    if (!one.done) return one.range;
  }
  return std::nullopt;
}

layer_collection::task* layer_collection::find(const hash_range& range) {
  auto at = std::lower_bound(tasks_.begin(), tasks_.end(), range, [](const task& one, const hash_range& wanted) {
    return std::tie(one.range.root, one.range.index) < std::tie(wanted.root, wanted.index);
  });
  return at != tasks_.end() && at->range == range ? &*at : nullptr;
}

void layer_collection::on_given_back(const hash_range& range) {
  task* one = find(range);
  if (one == nullptr || one->done || one->given_back) return;
  one->given_back = true;
  given_back_.push_back(static_cast<std::size_t>(one - tasks_.data()));
}

layer_collection::answer layer_collection::on_hashes(const hash_range& range, std::span<const digest> hashes) {
  task* const first = find(range);
  if (first == nullptr || first->done) return answer::not_needed;
  const std::uint32_t width = std::bit_ceil(info_->shape().file_pieces(first->file));
  if (hashes.size() < range.count || !merkle_verify(range, hashes, width)) return answer::wrong;
  // Files of equal content have equal roots: one answer serves all of them.
  for (task* one = first; one != tasks_.data() + tasks_.size() && one->range == range; ++one) {
    const std::uint32_t pieces = info_->shape().file_pieces(one->file);
    auto& layer = layers_[one->file.value()];
    layer.resize(pieces);
    const std::uint32_t count = std::min(range.count, pieces - range.index);
    std::copy_n(hashes.begin(), count, layer.begin() + range.index);
    if (!one->done) --missing_;
    one->done = true;
  }
  return answer::kept;
}

void layer_collection::check_invariants() const {
  SHOAL_ASSERT(next_ <= tasks_.size());
  const auto missing = std::ranges::count(tasks_, false, &task::done);
  SHOAL_ASSERT(missing_ == static_cast<std::size_t>(missing));
  for (const auto index : given_back_) SHOAL_ASSERT(tasks_[index].given_back);
}

}  // namespace shoal
