// uploader: questions for hashes (BEP 52). A question is checked before anything is done for it. What it costs is paid
// from the budget of its origin. What one answer found out is kept for the next.

#include <algorithm>
#include <bit>
#include <iterator>
#include <vector>

#include "core/sha256.hpp"
#include "net/offload.hpp"
#include "peer/session/uploader.hpp"
#include "policy/message_prices.hpp"

namespace shoal {

namespace {

// Leaves are hashed in parts, so that a question for a large piece takes no memory of its size.
constexpr std::uint32_t hash_part_bytes = 256 * KiB;

std::uint32_t piece_blocks_of(const geometry& shape) {
  return shape.piece_bytes() / block_bytes;
}

result<std::vector<digest>> hash_leaves(content_files& files, piece_index piece, std::uint32_t bytes) {
  std::vector<digest> leaves(blocks_of(bytes));
  byte_buffer part(std::min(bytes, hash_part_bytes));
  for (std::uint32_t begin = 0; begin < bytes; begin += hash_part_bytes) {
    const std::span<std::uint8_t> data = std::span(part).first(std::min(bytes - begin, hash_part_bytes));
    if (auto read = files.read(piece, begin, data); !read) return read.error();
    sha256_leaves(data, std::span(leaves).subspan(begin / block_bytes, blocks_of(data.size())));
  }
  return leaves;
}

}  // namespace

void uploader::on_hash_request(const hash_range& range) {
  const metainfo_ptr& info = share_.content().info();
  const auto file = share_.content().file_with_root(range.root);
  bool can_be = info && info->has_layers() && file && waiting_.size() < wire::requests_queued_max;
  if (can_be && range.base_height != 0) {
    const std::uint32_t pieces = info->shape().file_pieces(*file);
    const auto height = static_cast<std::uint32_t>(std::countr_zero(piece_blocks_of(info->shape())));
    can_be = range.base_height == height && pieces > 1 && merkle_fits(range, std::bit_ceil(pieces));
  } else if (can_be) {
    can_be = piece_of_leaves(range).has_value() || piece_blocks_of(info->shape()) == 1;
  }
  if (!can_be) {
    host_.charge(prices::hash_refusal);
    host_.send(wire::hash_reject{range});
    return;
  }
  host_.charge(prices::any);
  waiting_.emplace_back(range);
  ++hashes_waiting_;
  host_.wake();
}

std::optional<piece_index> uploader::piece_of_leaves(const hash_range& range) const {
  const metainfo_ptr& info = share_.content().info();
  const auto file = share_.content().file_with_root(range.root);
  if (!info || !file || range.base_height != 0) return std::nullopt;
  const geometry& shape = info->shape();
  const std::uint32_t piece_blocks = piece_blocks_of(shape);
  const auto file_blocks = static_cast<std::uint32_t>(blocks_of(shape.file_size(*file)));
  if (range.index >= file_blocks || range.count > piece_blocks) return std::nullopt;
  if (!merkle_fits(range, std::bit_ceil(file_blocks))) return std::nullopt;
  const piece_index piece{shape.file_first_piece(*file).value() + range.index / piece_blocks};
  return share_.content().has(piece) ? std::optional(piece) : std::nullopt;
}

work_price uploader::next_price() const {
  if (waiting_.empty()) return 0;
  const auto* range = std::get_if<hash_range>(&waiting_.front());
  if (range == nullptr) return 0;
  const auto piece = piece_of_leaves(*range);
  if (!piece || share_.content().leaves().find(*piece)) return prices::layer_hashes;
  return prices::leaves_of(share_.content().info()->shape().piece_size(*piece));
}

bool uploader::serve_free_first() {
  if (hashes_waiting_ == waiting_.size()) return false;
  const auto costs = [](const auto& one) { return std::holds_alternative<hash_range>(one); };
  const auto free = std::ranges::find_if_not(waiting_, costs);
  std::rotate(waiting_.begin(), free, std::next(free));
  return true;
}

awaitable<result<leaf_list>> uploader::leaves_of(piece_index piece) {
  const share_content& content = share_.content();
  if (leaf_list known = content.leaves().find(piece)) co_return known;
  auto hash = [files = content.files(), piece, bytes = content.info()->shape().piece_size(piece)] {
    return hash_leaves(*files, piece, bytes);
  };
  auto hashed = co_await offload(context_.workers, std::move(hash));
  if (!hashed) co_return hashed.error();
  leaf_list leaves = std::make_shared<const std::vector<digest>>(std::move(*hashed));
  content.leaves().keep(piece, leaves);
  co_return leaves;
}

awaitable<void> uploader::serve_hashes(hash_range range) {
  const metainfo_ptr info = share_.content().info();
  const auto file = share_.content().file_with_root(range.root);
  if (!info || !info->has_layers() || !file) {
    host_.send(wire::hash_reject{range});
    co_return;
  }
  const geometry& shape = info->shape();
  const std::uint32_t piece_blocks = piece_blocks_of(shape);
  const auto piece_height = static_cast<std::uint32_t>(std::countr_zero(piece_blocks));
  if (shape.file_pieces(*file) > hashes_per_request_max && share_.content().summary(*file) == nullptr) {
    auto sum_up = [info, which = *file, piece_height] { return layer_summary(info->layer(which), piece_height); };
    auto made = co_await offload(context_.workers, std::move(sum_up));
    share_.content().keep_summary(*file, std::move(made));
  }
  const layer_summary* upper = share_.content().summary(*file);
  result<std::vector<digest>> answer = error{errc::not_found, "no such hashes"};
  if (range.base_height == piece_height && shape.file_pieces(*file) > 1) {
    answer = merkle_answer(info->layer(*file), piece_height, range, upper);
  } else if (const auto piece = piece_of_leaves(range)) {
    const std::uint32_t piece_in_file = range.index / piece_blocks;
    const auto file_blocks = static_cast<std::uint32_t>(blocks_of(shape.file_size(*file)));
    const auto leaves = co_await leaves_of(*piece);
    if (leaves) {
      answer =
          merkle_answer_leaves(**leaves, piece_in_file, info->layer(*file), piece_blocks, file_blocks, range, upper);
    }
  }
  if (host_.closed()) co_return;
  if (answer) {
    host_.send(wire::hashes{range, std::move(*answer)});
  } else {
    host_.send(wire::hash_reject{range});
  }
}

}  // namespace shoal
