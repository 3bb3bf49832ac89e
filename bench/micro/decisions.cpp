// What the policy costs per chunk: the queue alone, from the choice of a chunk until its piece is verified.
#include <benchmark/benchmark.h>

#include <vector>

#include "policy/chunk_queue.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t pieces = 1024;

/// Every chunk of a share goes once through the queue, taken by `sources` sources in turn.
void chunk_life(benchmark::State& state) {
  const auto sources = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t sizes[] = {std::uint64_t{pieces} * 1 * MiB};
  const geometry shape(1 * MiB, sizes);
  bitmap all(pieces);
  all.set_all();
  std::vector<chunk_claim> void_claims;
  for (auto _ : state) {
    chunk_queue queue(shape, bitmap(pieces), 1);
    for (std::uint32_t i = 0; i < sources; ++i) {
      queue.on_source(source_id{i});
      queue.on_able(source_id{i}, true);
      queue.on_bitmap(source_id{i}, all);
    }
    for (std::uint32_t i = 0; i < pieces; ++i) {
      const source_id source{i % sources};
      const auto chunk = queue.next_chunk(source);
      const auto range = queue.next_range(source, 1 * MiB);
      queue.on_arrived(source, *chunk, ~block_mask{0}, void_claims);
      queue.on_verified(range->piece);
    }
  }
  state.SetItemsProcessed(state.iterations() * pieces);
}
BENCHMARK(chunk_life)->Arg(1)->Arg(16)->Arg(64)->Unit(benchmark::kMicrosecond);

/// A crowd tells what it has: most messages of a swarm.
void have(benchmark::State& state) {
  const auto sources = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t sizes[] = {std::uint64_t{pieces} * 64 * KiB};
  const geometry shape(64 * KiB, sizes);
  for (auto _ : state) {
    chunk_queue queue(shape, bitmap(pieces), 1);
    for (std::uint32_t i = 0; i < sources; ++i) queue.on_source(source_id{i});
    for (std::uint32_t piece = 0; piece < pieces; ++piece) {
      for (std::uint32_t i = 0; i < sources; ++i) queue.on_have(source_id{i}, piece_index{piece});
    }
  }
  state.SetItemsProcessed(state.iterations() * pieces * sources);
}
BENCHMARK(have)->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace shoal
