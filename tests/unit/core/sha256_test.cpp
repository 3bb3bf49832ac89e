#include "core/sha256.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <thread>

using namespace shoal;

namespace {

byte_buffer random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  byte_buffer bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::size_t leaf_count(std::size_t bytes) {
  return blocks_of(bytes);
}

}  // namespace

TEST_CASE("sha256 gives the digests of FIPS 180-2") {
  CHECK(sha256({}).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(as_bytes("abc")).hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("sha256_node hashes left before right") {
  const digest left = sha256(as_bytes("left"));
  const digest right = sha256(as_bytes("right"));
  byte_buffer both(left.bytes.begin(), left.bytes.end());
  both.insert(both.end(), right.bytes.begin(), right.bytes.end());
  CHECK(sha256_node(left, right) == sha256(both));
  CHECK(sha256_node(left, right) != sha256_node(right, left));
}

TEST_CASE("sha256_leaves hashes each block, whatever their number and the length of the last") {
  for (const std::size_t blocks : std::initializer_list<std::size_t>{0, 1, 2, 5, 6, 15, 16, 17, 21, 22, 40}) {
    for (const std::size_t extra : std::initializer_list<std::size_t>{0, 1, 55, 56, 64, 16383}) {
      const byte_buffer data = random_bytes(blocks * block_bytes + extra, 7);
      std::vector<digest> leaves(leaf_count(data.size()));
      sha256_leaves(data, leaves);
      std::vector<digest> expected(leaves.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const std::size_t begin = i * block_bytes;
        expected[i] = sha256(byte_view(data).subspan(begin, std::min<std::size_t>(block_bytes, data.size() - begin)));
      }
      CHECK(leaves == expected);
    }
  }
}

TEST_CASE("sha256_blocks hashes blocks of any length from anywhere") {
  const byte_buffer data = random_bytes(1000 * 41 + block_bytes, 9);
  for (const std::size_t count : std::initializer_list<std::size_t>{0, 1, 5, 16, 21, 41}) {
    std::vector<byte_view> blocks;
    std::vector<digest> expected;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(byte_view(data).subspan(1000 * i, (i * 7919) % (block_bytes + 1)));
      expected.push_back(sha256(blocks.back()));
    }
    std::vector<digest> leaves(count);
    sha256_blocks(blocks, leaves);
    CHECK(leaves == expected);
  }
}

TEST_CASE("all SHA-256 back ends that the CPU has agree") {
  const byte_buffer data = random_bytes(33 * block_bytes + 100, 11);
  std::vector<digest> expected(leaf_count(data.size()));
  sha256_leaves_with(sha256_backend::openssl, data, expected);
  for (const sha256_backend backend : sha256_backends) {
    if (!available(backend)) continue;
    CAPTURE(to_string(backend));
    std::vector<digest> leaves(expected.size());
    sha256_leaves_with(backend, data, leaves);
    CHECK(leaves == expected);
  }
}

TEST_CASE("leaves are hashed by the last back end that is available") {
  CHECK(available(sha256_leaves_backend()));
  for (const sha256_backend backend : sha256_backends) {
    CAPTURE(to_string(backend));
    CHECK((!available(backend) || backend <= sha256_leaves_backend()));
  }
}

TEST_CASE("threads hash at the same time without disturbing each other") {
  const byte_buffer data = random_bytes(20 * block_bytes, 13);
  std::vector<digest> expected(20);
  sha256_leaves_with(sha256_backend::openssl, data, expected);
  std::vector<std::vector<digest>> got(4, std::vector<digest>(20));
  {
    std::vector<std::jthread> threads;
    for (auto& leaves : got) {
      threads.emplace_back([&] {
        for (int round = 0; round < 20; ++round) sha256_leaves(data, leaves);
      });
    }
  }
  for (const auto& leaves : got) CHECK(leaves == expected);
}
