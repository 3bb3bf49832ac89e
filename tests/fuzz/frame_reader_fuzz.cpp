// A stream that arrives in arbitrary parts must give the same events and the same payload as one that arrives
// at once.
//
// Input: the number of parts' sizes, those sizes, then the stream. Sizes are used round and round.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/assert.hpp"
#include "wire/frame_reader.hpp"

namespace {

using namespace shoal;
using wire::frame_reader;

/// All that a session would learn from the stream.
struct trace {
  std::vector<frame_reader::event> events;
  byte_buffer payload;
  bool failed = false;
  friend bool operator==(const trace&, const trace&) = default;
};

/// Takes all events that are there, and payload in bites of `bite` bytes.
void drain(frame_reader& reader, std::size_t bite, trace& out) {
  std::uint8_t taken[256];
  while (!out.failed) {
    while (reader.payload_due() > 0) {
      const std::size_t bytes = reader.take_payload(std::span{taken}.first(std::min(bite, sizeof taken)));
      out.payload.insert(out.payload.end(), taken, taken + bytes);
      if (bytes == 0) return;
    }
    auto event = reader.try_next();
    if (!event) {
      out.failed = true;
    } else if (std::holds_alternative<frame_reader::more>(*event)) {
      return;
    } else {
      out.events.push_back(*std::move(event));
    }
  }
}

/// `sizes` is not empty and has no zero.
trace run(byte_view stream, byte_view sizes, bool direct) {
  trace out;
  frame_reader reader;
  for (std::size_t part = 0; !stream.empty() && !out.failed; ++part) {
    std::size_t bytes = std::min<std::size_t>(sizes[part % sizes.size()], stream.size());
    if (direct && reader.empty() && reader.payload_due() > 0) {
      bytes = std::min<std::size_t>(bytes, reader.payload_due());
      out.payload.insert(out.payload.end(), stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes));
      reader.skip_payload(bytes);
    } else {
      const auto space = reader.free_space();
      SHOAL_ASSERT(!space.empty());
      bytes = std::min(bytes, space.size());
      std::copy_n(stream.begin(), bytes, space.begin());
      reader.commit(bytes);
      drain(reader, bytes, out);
    }
    stream = stream.subspan(bytes);
    if (reader.payload_due() == 0) (void)reader.release();
  }
  return out;
}

trace run_whole(byte_view stream) {
  trace out;
  frame_reader reader;
  while (!stream.empty() && !out.failed) {
    const auto space = reader.free_space();
    SHOAL_ASSERT(!space.empty());
    const std::size_t bytes = std::min(space.size(), stream.size());
    std::copy_n(stream.begin(), bytes, space.begin());
    reader.commit(bytes);
    drain(reader, 256, out);
    stream = stream.subspan(bytes);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view input{data + 1, size - 1};
  const std::size_t count = std::min<std::size_t>(data[0] % 16 + 1, input.size());
  byte_buffer sizes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
  std::replace(sizes.begin(), sizes.end(), std::uint8_t{0}, std::uint8_t{1});
  if (sizes.empty()) sizes.push_back(1);
  const byte_view stream = input.subspan(count);

  const trace whole = run_whole(stream);
  SHOAL_ASSERT(run(stream, sizes, false) == whole);
  SHOAL_ASSERT(run(stream, sizes, true) == whole);
  return 0;
}
