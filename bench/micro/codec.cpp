// What is said, as bytes: messages between peers, frames out of a stream, JSON between peer and tracker.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "directory/tracking.hpp"
#include "wire/frame_reader.hpp"
#include "wire/messages.hpp"

namespace shoal {
namespace {

const byte_range asked{piece_index{77}, 3 * block_bytes, 256 * KiB};

void encode_request(benchmark::State& state) {
  byte_buffer out;
  for (auto _ : state) {
    out.clear();
    wire::encode(wire::request{asked}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_request);

/// Control messages as a read loop meets them: whole buffers of them.
void read_frames(benchmark::State& state) {
  byte_buffer stream;
  std::int64_t messages = 0;
  while (stream.size() + 64 < 16 * KiB) {
    wire::encode(wire::have{piece_index{static_cast<std::uint32_t>(messages)}}, stream);
    wire::encode(wire::request{asked}, stream);
    messages += 2;
  }
  wire::frame_reader reader;
  for (auto _ : state) {
    const auto space = reader.free_space();
    std::copy(stream.begin(), stream.end(), space.begin());
    reader.commit(stream.size());
    for (std::int64_t i = 0; i < messages; ++i) benchmark::DoNotOptimize(reader.try_next());
    if (!std::holds_alternative<wire::frame_reader::more>(*reader.try_next())) state.SkipWithError("not all was read");
  }
  state.SetItemsProcessed(state.iterations() * messages);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}
BENCHMARK(read_frames);

tracking::publish offers(std::int64_t count) {
  tracking::publish message;
  for (std::int64_t i = 0; i < count; ++i) {
    tracking::share_offer offer;
    offer.id.bytes[0] = static_cast<std::uint8_t>(i);
    offer.name = "share " + std::to_string(i);
    offer.bytes = 1 * GiB;
    offer.files = 1;
    offer.have = 1 * MiB;
    message.shares.push_back(offer);
  }
  return message;
}

void encode_publish(benchmark::State& state) {
  const tracking::peer_message message = offers(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(tracking::encode(message));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_publish)->Arg(1)->Arg(1000);

void decode_publish(benchmark::State& state) {
  const std::string text = tracking::encode(tracking::peer_message(offers(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(tracking::decode_peer_message(text));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decode_publish)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace shoal
