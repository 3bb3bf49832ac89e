#include "content/merkle.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/assert.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

constexpr std::uint32_t heights_max = 64;

std::uint32_t log2_of(std::uint32_t power) {
  return static_cast<std::uint32_t>(std::countr_zero(power));
}

/// Replaces nodes at `height` by their parents; a missing right child is a subtree beyond the end.
void reduce(std::vector<digest>& nodes, std::uint32_t height) {
  const std::size_t parents = (nodes.size() + 1) / 2;
  for (std::size_t i = 0; i < parents; ++i) {
    const digest& right = 2 * i + 1 < nodes.size() ? nodes[2 * i + 1] : zero_subtree(height);
    nodes[i] = sha256_node(nodes[2 * i], right);
  }
  nodes.resize(parents);
}

/// Layers between the subtree over `count` nodes and the topmost one that has a sibling in the request: how
/// many uncle hashes follow the base hashes.
std::uint32_t uncle_count(const hash_range& range) {
  const std::uint32_t implied = log2_of(range.count) - 1;
  return range.proof_layers > implied ? range.proof_layers - implied : 0;
}

error does_not_fit(const hash_range& range) {
  return {errc::malformed, "hash request for " + std::to_string(range.count) + " hashes at " +
                               std::to_string(range.index) + " of layer " + std::to_string(range.base_height) +
                               " with " + std::to_string(range.proof_layers) +
                               " proof layers does not fit the tree of the file"};
}

/// Appends nodes [index, index + count) of a layer at `height`.
void append(std::vector<digest>& out, std::span<const digest> layer, std::uint32_t height, std::uint32_t index,
            std::uint32_t count) {
  for (std::uint32_t i = index; i < index + count; ++i)
    out.push_back(i < layer.size() ? layer[i] : zero_subtree(height));
}

/// The nodes that one request can ask for at most.
std::vector<digest> block_of(std::span<const digest> layer, std::uint32_t block) {
  const std::size_t begin = std::min(std::size_t{block} * hashes_per_request_max, layer.size());
  const auto nodes = layer.subspan(begin, std::min<std::size_t>(hashes_per_request_max, layer.size() - begin));
  return {nodes.begin(), nodes.end()};
}

/// Appends `uncles` siblings on the way up from the subtree of `count` nodes at `index` of a layer.
void append_uncles(std::vector<digest>& out, std::vector<digest> layer, std::uint32_t height, std::uint32_t index,
                   std::uint32_t count, std::uint32_t uncles) {
  if (uncles == 0) return;
  for (std::uint32_t level = 0; level < log2_of(count); ++level) reduce(layer, height++);
  index /= count;
  while (uncles > 0) {
    append(out, layer, height, index ^ 1, 1);
    if (--uncles == 0) return;
    reduce(layer, height++);
    index /= 2;
  }
}

/// The same with the upper part of the tree known: only nodes of one block are hashed.
void append_uncles(std::vector<digest>& out, std::span<const digest> layer, std::uint32_t height, std::uint32_t index,
                   std::uint32_t count, std::uint32_t uncles, const layer_summary* upper) {
  if (upper == nullptr) {
    append_uncles(out, {layer.begin(), layer.end()}, height, index, count, uncles);
    return;
  }
  const std::uint32_t inside = std::min(uncles, log2_of(hashes_per_request_max) - log2_of(count));
  const std::uint32_t block = index / hashes_per_request_max;
  append_uncles(out, block_of(layer, block), height, index % hashes_per_request_max, count, inside);
  upper->append_uncles(out, block, uncles - inside);
}

}  // namespace

bool merkle_fits(const hash_range& range, std::uint32_t width) {
  return range.count >= 2 && range.count <= hashes_per_request_max && std::has_single_bit(range.count) &&
         range.index % range.count == 0 && std::uint64_t{range.index} + range.count <= width &&
         range.proof_layers < log2_of(width);
}

layer_summary::layer_summary(std::span<const digest> layer, std::uint32_t layer_height)
    : height_(layer_height + log2_of(hashes_per_request_max)) {
  std::vector<digest> level;
  for (std::uint32_t block = 0; std::size_t{block} * hashes_per_request_max < layer.size(); ++block) {
    std::vector<digest> nodes = block_of(layer, block);
    for (std::uint32_t height = layer_height; height < height_; ++height) reduce(nodes, height);
    level.push_back(nodes.front());
  }
  for (std::uint32_t height = height_; level.size() > 1; ++height) {
    levels_.push_back(level);
    reduce(level, height);
  }
}

void layer_summary::append_uncles(std::vector<digest>& out, std::uint32_t block, std::uint32_t uncles) const {
  for (std::uint32_t up = 0; up < uncles; ++up) {
    const std::span<const digest> level = up < levels_.size() ? std::span(levels_[up]) : std::span<const digest>();
    append(out, level, height_ + up, block >> up ^ 1, 1);
  }
}

const digest& zero_subtree(std::uint32_t height) {
  static const auto table = [] {
    std::array<digest, heights_max> digests{};
    for (std::size_t i = 1; i < digests.size(); ++i) digests[i] = sha256_node(digests[i - 1], digests[i - 1]);
    return digests;
  }();
  SHOAL_ASSERT(height < heights_max);
  return table[height];
}

digest merkle_root(std::span<const digest> nodes, std::uint32_t base_height, std::uint32_t width) {
  SHOAL_ASSERT(!nodes.empty());
  if (width == 0) width = std::bit_ceil(static_cast<std::uint32_t>(nodes.size()));
  SHOAL_ASSERT(std::has_single_bit(width) && nodes.size() <= width);
  std::vector<digest> layer(nodes.begin(), nodes.end());
  for (; width > 1; width /= 2) reduce(layer, base_height++);
  return layer.front();
}

digest piece_root(std::span<const digest> leaves, std::uint32_t piece_blocks_full, bool only_piece_of_file) {
  return merkle_root(leaves, 0, only_piece_of_file ? 0 : piece_blocks_full);
}

std::vector<hash_range> piece_layer_requests(const digest& root, std::uint32_t pieces,
                                             std::uint32_t piece_blocks_full) {
  SHOAL_ASSERT(pieces > 1);
  const std::uint32_t width = std::bit_ceil(pieces);
  std::vector<hash_range> requests;
  for (std::uint32_t index = 0; index < pieces; index += hashes_per_request_max) {
    hash_range range;
    range.root = root;
    range.base_height = log2_of(piece_blocks_full);
    range.index = index;
    range.count = std::clamp(std::bit_ceil(pieces - index), 2u, hashes_per_request_max);
    range.proof_layers = log2_of(width) - 1;
    requests.push_back(range);
  }
  return requests;
}

hash_range piece_leaves_request(const digest& root, std::uint32_t first_block, std::uint32_t piece_blocks_full,
                                std::uint32_t file_blocks) {
  SHOAL_ASSERT(file_blocks > 1 && first_block < file_blocks);
  const std::uint32_t width = std::bit_ceil(file_blocks);
  hash_range range;
  range.root = root;
  range.count = std::max(2u, std::min({piece_blocks_full, width, hashes_per_request_max}));
  range.index = first_block / range.count * range.count;
  range.proof_layers = log2_of(width) - 1;
  return range;
}

result<std::vector<digest>> merkle_answer(std::span<const digest> layer, std::uint32_t layer_height,
                                          const hash_range& range, const layer_summary* upper) {
  if (layer.empty() || range.base_height != layer_height ||
      !merkle_fits(range, std::bit_ceil(static_cast<std::uint32_t>(layer.size())))) {
    return does_not_fit(range);
  }
  const std::uint32_t uncles = uncle_count(range);
  std::vector<digest> hashes;
  hashes.reserve(range.count + uncles);
  append(hashes, layer, layer_height, range.index, range.count);
  if (uncles > 0) {
    append_uncles(hashes, layer, layer_height, range.index, range.count, uncles, upper);
  }
  return hashes;
}

result<std::vector<digest>> merkle_answer_leaves(std::span<const digest> leaves, std::uint32_t piece_in_file,
                                                 std::span<const digest> piece_layer, std::uint32_t piece_blocks_full,
                                                 std::uint32_t file_blocks, const hash_range& range,
                                                 const layer_summary* upper) {
  if (file_blocks <= piece_blocks_full) return merkle_answer(leaves, 0, range);
  if (piece_blocks_full == 1) return merkle_answer(piece_layer, 0, range, upper);
  const std::uint32_t first_block = piece_in_file * piece_blocks_full;
  if (leaves.empty() || range.base_height != 0 || !merkle_fits(range, std::bit_ceil(file_blocks)) ||
      range.count > piece_blocks_full || range.index / piece_blocks_full != piece_in_file) {
    return does_not_fit(range);
  }
  const std::uint32_t uncles = uncle_count(range);
  const std::uint32_t uncles_inside = log2_of(piece_blocks_full) - log2_of(range.count);
  std::vector<digest> hashes;
  hashes.reserve(range.count + uncles);
  append(hashes, leaves, 0, range.index - first_block, range.count);
  append_uncles(hashes, {leaves.begin(), leaves.end()}, 0, range.index - first_block, range.count,
                std::min(uncles, uncles_inside));
  if (uncles > uncles_inside) {
    append_uncles(hashes, piece_layer, log2_of(piece_blocks_full), piece_in_file, 1, uncles - uncles_inside, upper);
  }
  return hashes;
}

bool merkle_verify(const hash_range& range, std::span<const digest> hashes, std::uint32_t layer_width) {
  if (!std::has_single_bit(layer_width) || !merkle_fits(range, layer_width)) return false;
  const std::uint32_t uncles = log2_of(layer_width) - log2_of(range.count);
  if (uncle_count(range) != uncles || hashes.size() != std::size_t{range.count} + uncles) return false;
  digest node = merkle_root(hashes.first(range.count), range.base_height, range.count);
  std::uint32_t index = range.index / range.count;
  for (const digest& uncle : hashes.subspan(range.count)) {
    node = index % 2 == 0 ? sha256_node(node, uncle) : sha256_node(uncle, node);
    index /= 2;
  }
  return node == range.root;
}

}  // namespace shoal
