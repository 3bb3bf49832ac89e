// Hashing: leaves in batches as they arrive, and the Merkle tree above them.
#include <benchmark/benchmark.h>

#include <string>
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

/// 16 leaves by one back end: tells whether the one that is preferred is the fastest here.
void leaves_by(benchmark::State& state, sha256_backend backend) {
  const byte_buffer data(16 * block_bytes, 7);
  std::vector<digest> digests(16);
  for (auto _ : state) {
    sha256_leaves_with(backend, data, digests);
    benchmark::DoNotOptimize(digests.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
const bool each_back_end_registered = [] {
  for (const sha256_backend backend : sha256_backends) {
    if (!available(backend)) continue;
    benchmark::RegisterBenchmark(("leaves_by/" + std::string(to_string(backend))).c_str(), leaves_by, backend);
  }
  return true;
}();

void merkle_root_of_piece(benchmark::State& state) {
  const std::vector<digest> digests(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(merkle_root(digests));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(merkle_root_of_piece)->Arg(4)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace shoal
