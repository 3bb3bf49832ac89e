// All arithmetic between bytes, blocks, chunks, pieces and files of one share.
//
// Piece space as in BEP 52: every non-empty file starts at a new piece, and the last piece of a file ends with the
// file. A chunk is min(piece, 1 MiB) of one piece and never spans two files. Nothing else in the project multiplies by
// piece_bytes. Pure and immutable; pass references to it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/sha256.hpp"

namespace shoal {

inline constexpr std::uint32_t piece_bytes_min = 64 * KiB;
inline constexpr std::uint32_t piece_bytes_max = 16 * MiB;
/// Foreign torrents may use any power of two from one block up to this (libtorrent's own bound is 128 MiB).
inline constexpr std::uint32_t piece_bytes_accepted_max = 128 * MiB;
inline constexpr std::uint32_t chunk_bytes_max = 1 * MiB;
/// At this bound the blocks of one chunk are one 64-bit word.
inline constexpr std::uint32_t blocks_per_chunk_max = chunk_bytes_max / block_bytes;
/// Pieces of one share. Bounds bitmaps, and the memory that a hostile metainfo can claim.
inline constexpr std::uint32_t pieces_max = 4 * 1024 * 1024;

/// Piece size for a share of `total_bytes`: the power of two nearest above total/1024, within the limits.
std::uint32_t piece_bytes_for(std::uint64_t total_bytes);

/// Bytes of one piece, as BEP 3 request, piece, cancel and reject carry them. `begin` counts from the piece's start.
struct byte_range {
  piece_index piece;
  std::uint32_t begin = 0;
  std::uint32_t bytes = 0;
  friend auto operator<=>(const byte_range&, const byte_range&) = default;
};

/// The place and length of a chunk.
struct chunk_range {
  piece_index piece;
  std::uint32_t begin = 0;  ///< within the piece, a multiple of chunk_bytes()
  std::uint32_t bytes = 0;  ///< 0 for an index that the cut-off last piece of a file does not reach
  std::uint32_t blocks = 0;
};

/// Where bytes of a piece lie on disk. A piece is always inside one file.
struct file_range {
  file_index file;
  std::uint64_t offset = 0;
};

class geometry {
 public:
  geometry() = default;
  /// `piece_bytes` is a power of two, at least block_bytes. `file_sizes` is in file-tree order, zeros included, with at
  /// most pieces_max pieces in all. metainfo checks all of that.
  geometry(std::uint32_t piece_bytes, std::span<const std::uint64_t> file_sizes);

  std::uint32_t piece_bytes() const { return piece_bytes_; }
  std::uint32_t chunk_bytes() const { return chunk_bytes_; }
  std::uint64_t total_bytes() const { return total_bytes_; }
  std::uint32_t piece_count() const { return piece_count_; }
  std::uint32_t file_count() const { return static_cast<std::uint32_t>(files_.size()); }
  std::uint32_t chunks_per_piece() const { return chunks_per_piece_; }
  /// One past the last chunk_index: piece_count() * chunks_per_piece(). Some chunks may be empty (chunk_range).
  std::uint32_t chunk_count() const { return piece_count_ * chunks_per_piece_; }

  /// Bytes of `piece`. Less than piece_bytes() only at the end of a file.
  std::uint32_t piece_size(piece_index piece) const;
  std::uint32_t piece_blocks(piece_index piece) const;
  file_index piece_file(piece_index piece) const;

  chunk_index first_chunk(piece_index piece) const { return chunk_index{piece.value() * chunks_per_piece_}; }
  chunk_index chunk_at(piece_index piece, std::uint32_t begin) const {
    return chunk_index{piece.value() * chunks_per_piece_ + begin / chunk_bytes_};
  }
  chunk_range chunk(chunk_index index) const;

  /// Where byte `begin` of `piece` lies. `begin` < piece_size(piece).
  file_range locate(piece_index piece, std::uint32_t begin) const;

  std::uint64_t file_size(file_index file) const;
  /// First piece of the file; meaningless for an empty file.
  piece_index file_first_piece(file_index file) const;
  std::uint32_t file_pieces(file_index file) const;

  /// True if the range lies inside its piece, is not empty, starts at a block and ends at a block or the piece's end.
  /// Safe for any input.
  bool valid(const byte_range& range) const;
  /// Like valid(), but the range may reach past the end of its file to the end of that block. Other clients (libtorrent
  /// 2.0) fill this alignment gap with zeros. Safe for any input.
  bool valid_with_padding(const byte_range& range) const;

  void check_invariants() const;

 private:
  struct file_span {
    std::uint64_t size = 0;
    std::uint32_t first_piece = 0;
    std::uint32_t pieces = 0;
  };
  std::uint32_t piece_bytes_ = piece_bytes_min;
  std::uint32_t chunk_bytes_ = piece_bytes_min;
  std::uint32_t chunks_per_piece_ = 1;
  std::uint32_t piece_count_ = 0;
  std::uint64_t total_bytes_ = 0;
  std::vector<file_span> files_;
  std::vector<std::uint32_t> piece_files_;  // file of each piece
};

}  // namespace shoal
