#include "content/geometry.hpp"

#include <algorithm>
#include <bit>

#include "core/assert.hpp"

namespace shoal {

std::uint32_t piece_bytes_for(std::uint64_t total_bytes) {
  constexpr std::uint64_t pieces_wanted = 1024;
  const std::uint64_t wanted = total_bytes / pieces_wanted;
  if (wanted >= piece_bytes_max) return piece_bytes_max;
  return std::max(piece_bytes_min, std::bit_ceil(static_cast<std::uint32_t>(wanted)));
}

geometry::geometry(std::uint32_t piece_bytes, std::span<const std::uint64_t> file_sizes)
    : piece_bytes_(piece_bytes),
      chunk_bytes_(std::min(piece_bytes, chunk_bytes_max)),
      chunks_per_piece_(piece_bytes / chunk_bytes_) {
  SHOAL_ASSERT(std::has_single_bit(piece_bytes) && piece_bytes >= block_bytes);
  SHOAL_ASSERT(piece_bytes <= piece_bytes_accepted_max);
  files_.reserve(file_sizes.size());
  for (const std::uint64_t size : file_sizes) {
    const std::uint64_t pieces = size / piece_bytes + (size % piece_bytes != 0 ? 1 : 0);
    SHOAL_ASSERT(pieces <= pieces_max - piece_count_);
    const auto file = static_cast<std::uint32_t>(files_.size());
    files_.push_back({size, piece_count_, static_cast<std::uint32_t>(pieces)});
    piece_count_ += static_cast<std::uint32_t>(pieces);
    piece_files_.resize(piece_count_, file);
    total_bytes_ += size;
  }
}

std::uint32_t geometry::piece_size(piece_index piece) const {
  const file_span& file = files_[piece_file(piece).value()];
  const std::uint64_t offset = std::uint64_t{piece.value() - file.first_piece} * piece_bytes_;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_bytes_, file.size - offset));
}

std::uint32_t geometry::piece_blocks(piece_index piece) const {
  return blocks_of(piece_size(piece));
}

file_index geometry::piece_file(piece_index piece) const {
  SHOAL_ASSERT(piece.value() < piece_count_);
  return file_index{piece_files_[piece.value()]};
}

chunk_range geometry::chunk(chunk_index index) const {
  SHOAL_ASSERT(index.value() < chunk_count());
  chunk_range range;
  range.piece = piece_index{index.value() / chunks_per_piece_};
  range.begin = index.value() % chunks_per_piece_ * chunk_bytes_;
  const std::uint32_t size = piece_size(range.piece);
  if (range.begin >= size) return range;
  range.bytes = std::min(chunk_bytes_, size - range.begin);
  range.blocks = blocks_of(range.bytes);
  return range;
}

file_range geometry::locate(piece_index piece, std::uint32_t begin) const {
  SHOAL_ASSERT(begin < piece_size(piece));
  const file_index file = piece_file(piece);
  const std::uint32_t in_file = piece.value() - files_[file.value()].first_piece;
  return {file, std::uint64_t{in_file} * piece_bytes_ + begin};
}

std::uint64_t geometry::file_size(file_index file) const {
  SHOAL_ASSERT(file.value() < files_.size());
  return files_[file.value()].size;
}

piece_index geometry::file_first_piece(file_index file) const {
  SHOAL_ASSERT(file.value() < files_.size());
  return piece_index{files_[file.value()].first_piece};
}

std::uint32_t geometry::file_pieces(file_index file) const {
  SHOAL_ASSERT(file.value() < files_.size());
  return files_[file.value()].pieces;
}

bool geometry::valid_with_padding(const byte_range& range) const {
  if (valid(range)) return true;
  if (range.piece.value() >= piece_count_ || range.bytes == 0 || range.begin % block_bytes != 0) return false;
  const std::uint64_t end = std::uint64_t{range.begin} + range.bytes;
  const std::uint32_t size = piece_size(range.piece);
  return range.begin < size && end % block_bytes == 0 && end - size < block_bytes && end <= piece_bytes_;
}

bool geometry::valid(const byte_range& range) const {
  if (range.piece.value() >= piece_count_ || range.bytes == 0 || range.begin % block_bytes != 0) return false;
  const std::uint64_t end = std::uint64_t{range.begin} + range.bytes;
  const std::uint32_t size = piece_size(range.piece);
  return end == size || (end < size && end % block_bytes == 0);
}

void geometry::check_invariants() const {
  std::uint32_t pieces = 0;
  std::uint64_t bytes = 0;
  for (const file_span& file : files_) {
    SHOAL_ASSERT(file.first_piece == pieces);
    SHOAL_ASSERT(std::uint64_t{file.pieces} * piece_bytes_ >= file.size);
    SHOAL_ASSERT(file.pieces == 0 || (std::uint64_t{file.pieces} - 1) * piece_bytes_ < file.size);
    pieces += file.pieces;
    bytes += file.size;
  }
  SHOAL_ASSERT(pieces == piece_count_ && piece_files_.size() == pieces && bytes == total_bytes_);
  SHOAL_ASSERT(chunk_bytes_ * chunks_per_piece_ == piece_bytes_);
}

}  // namespace shoal
