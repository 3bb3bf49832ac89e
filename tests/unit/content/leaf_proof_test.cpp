#include "content/leaf_proof.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "unit/policy/support/fake_share.hpp"

namespace shoal {

namespace {

struct question {
  fake::share content;
  piece_index piece;
  hash_range asked;
  std::vector<digest> answer;

  question(std::uint32_t piece_bytes, std::uint64_t bytes, std::uint32_t number)
      : content(fake::make_share(piece_bytes, {bytes})), piece(number) {
    const metainfo& info = *content.info;
    const std::uint32_t full = piece_bytes / block_bytes;
    const auto blocks = static_cast<std::uint32_t>(blocks_of(bytes));
    asked = piece_leaves_request(info.files()[0].root, number * full, full, blocks);
    answer =
        merkle_answer_leaves(content.leaves[number], number, info.layer(file_index{0}), full, blocks, asked, nullptr)
            .value();
  }
  leaf_proof check(std::span<const digest> hashes) const { return check_leaves(*content.info, piece, asked, hashes); }
};

}  // namespace

TEST_CASE("leaves of a whole piece are proven by the hash of the piece, with uncles and without") {
  const auto number = GENERATE(0u, 7u, 15u);
  const question one(256 * KiB, 15 * 256 * KiB + 40'000, number);
  CHECK(one.check(one.answer) == leaf_proof::right);
  const std::span<const digest> hashes(one.answer);
  CHECK(one.check(hashes.first(hashes.size() - 1)) == leaf_proof::right);
  CHECK(one.check(hashes.first(one.asked.count)) == leaf_proof::right);
  CHECK(one.check(hashes.first(1)) == leaf_proof::incomplete);
  std::vector<digest> wrong = one.answer;
  wrong[1] = fake::wrong_leaf(wrong[1]);
  CHECK(one.check(wrong) == leaf_proof::wrong);
}

TEST_CASE("a part of the leaves of a large piece needs its proof") {
  const question one(16 * MiB, 40 * MiB, 1);
  CHECK(one.check(one.answer) == leaf_proof::right);
  const std::span<const digest> hashes(one.answer);
  CHECK(one.check(hashes.first(hashes.size() - 1)) == leaf_proof::incomplete);
  std::vector<digest> wrong = one.answer;
  wrong[1] = fake::wrong_leaf(wrong[1]);
  CHECK(one.check(wrong) == leaf_proof::wrong);
}

}  // namespace shoal
