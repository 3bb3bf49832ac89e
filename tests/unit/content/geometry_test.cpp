#include "content/geometry.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <random>

using namespace shoal;

TEST_CASE("the piece size is a power of two near a thousandth of the share") {
  CHECK(piece_bytes_for(0) == piece_bytes_min);
  CHECK(piece_bytes_for(64 * MiB) == 64 * KiB);
  CHECK(piece_bytes_for(64 * MiB + 1024) == 128 * KiB);
  CHECK(piece_bytes_for(1 * GiB) == 1 * MiB);
  CHECK(piece_bytes_for(100 * GiB) == 16 * MiB);
  CHECK(piece_bytes_for(~std::uint64_t{0}) == piece_bytes_max);
}

TEST_CASE("every byte of every file is in exactly one chunk") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto piece_bytes = static_cast<std::uint32_t>(block_bytes << random() % 9);
    std::vector<std::uint64_t> sizes(random() % 8);
    for (auto& size : sizes) {
      const std::uint64_t special[] = {0, 1, block_bytes, piece_bytes, piece_bytes + 1ull, 5ull * piece_bytes};
      size = random() % 2 != 0 ? special[random() % std::size(special)] : random() % (20ull * piece_bytes);
    }
    const geometry shape(piece_bytes, sizes);
    shape.check_invariants();

    std::vector<std::uint64_t> covered(sizes.size());
    for (std::uint32_t i = 0; i < shape.chunk_count(); ++i) {
      const chunk_range chunk = shape.chunk(chunk_index{i});
      REQUIRE(shape.first_chunk(chunk.piece).value() == i / shape.chunks_per_piece() * shape.chunks_per_piece());
      if (chunk.bytes == 0) {
        REQUIRE(chunk.begin >= shape.piece_size(chunk.piece));
        continue;
      }
      REQUIRE(shape.chunk_at(chunk.piece, chunk.begin) == chunk_index{i});
      REQUIRE(shape.chunk_at(chunk.piece, chunk.begin + chunk.bytes - 1) == chunk_index{i});
      REQUIRE(shape.valid({chunk.piece, chunk.begin, chunk.bytes}));
      REQUIRE(chunk.blocks <= blocks_per_chunk_max);
      const file_range place = shape.locate(chunk.piece, chunk.begin);
      // Chunks come in file order, so each must start where the one before it ended.
      REQUIRE(place.offset == covered[place.file.value()]);
      covered[place.file.value()] += chunk.bytes;
      REQUIRE(covered[place.file.value()] <= sizes[place.file.value()]);
    }
    CHECK(covered == sizes);

    std::uint64_t total = 0;
    for (std::uint32_t file = 0; file < shape.file_count(); ++file) {
      CHECK(shape.file_size(file_index{file}) == sizes[file]);
      for (std::uint32_t i = 0; i < shape.file_pieces(file_index{file}); ++i) {
        const piece_index piece{shape.file_first_piece(file_index{file}).value() + i};
        CHECK(shape.piece_file(piece) == file_index{file});
        CHECK(shape.piece_blocks(piece) == blocks_of(shape.piece_size(piece)));
        total += shape.piece_size(piece);
      }
    }
    CHECK(total == shape.total_bytes());
  }
}

TEST_CASE("a byte range is valid only inside a piece and on block borders") {
  const std::uint64_t sizes[] = {0, 100'000};
  const geometry shape(64 * KiB, sizes);
  const piece_index last{1};
  REQUIRE(shape.piece_size(last) == 100'000 - 64 * KiB);
  CHECK(shape.valid({piece_index{0}, 0, 64 * KiB}));
  CHECK(shape.valid({last, 0, block_bytes}));
  CHECK(shape.valid({last, 2 * block_bytes, shape.piece_size(last) - 2 * block_bytes}));
  CHECK_FALSE(shape.valid({piece_index{2}, 0, block_bytes}));
  const std::uint32_t tail = (shape.piece_size(last) - 1) / block_bytes * block_bytes;
  CHECK_FALSE(shape.valid({last, tail, block_bytes}));
  CHECK(shape.valid_with_padding({last, tail, block_bytes}));
  CHECK_FALSE(shape.valid_with_padding({last, tail, 2 * block_bytes}));
  CHECK_FALSE(shape.valid_with_padding({last, tail + block_bytes, block_bytes}));
  CHECK_FALSE(shape.valid({piece_index{0}, 0, 0}));
  CHECK_FALSE(shape.valid({piece_index{0}, 1, block_bytes}));
  CHECK_FALSE(shape.valid({piece_index{0}, 0, block_bytes - 1}));
  CHECK_FALSE(shape.valid({piece_index{0}, 48 * KiB, 32 * KiB}));
  CHECK_FALSE(shape.valid({last, 2 * block_bytes, block_bytes}));
  CHECK_FALSE(shape.valid({piece_index{0}, 0xffffc000, 0x8000}));
}

TEST_CASE("a share without data has no pieces") {
  const std::uint64_t sizes[] = {0, 0};
  const geometry shape(64 * KiB, sizes);
  shape.check_invariants();
  CHECK(shape.piece_count() == 0);
  CHECK(shape.file_count() == 2);
  CHECK_FALSE(shape.valid({piece_index{0}, 0, block_bytes}));
}
