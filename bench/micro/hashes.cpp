// Hashing: leaves in batches as they arrive, and the Merkle tree above them.
#include <benchmark/benchmark.h>

#include <vector>

#include "content/merkle.hpp"
#include "core/sha256.hpp"

namespace shoal {
namespace {

void leaves(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const byte_buffer data(count * block_bytes, 7);
  std::vector<digest> digests(count);
  for (auto _ : state) {
    sha256_leaves(data, digests);
    benchmark::DoNotOptimize(digests.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(leaves)->Arg(1)->Arg(4)->Arg(16)->Arg(64);

void merkle_root_of_piece(benchmark::State& state) {
  const std::vector<digest> digests(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(merkle_root(digests));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(merkle_root_of_piece)->Arg(4)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace shoal
