#include "directory/tracking_pack.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "core/assert.hpp"
#include "directory/tracking.hpp"

namespace shoal::tracking {

namespace {

/// Bytes unpacked at a time. So memory for a claimed size is allocated only as the data comes.
constexpr std::size_t step_bytes = 256 * KiB;

error refusal(std::string_view reason) {
  return {errc::protocol, "packed live message: " + std::string(reason)};
}

// zlib takes pointers to what it only reads as non-const unless it was built otherwise.
Bytef* input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

class inflater {
 public:
  inflater() {
    if (::inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~inflater() { ::inflateEnd(&stream_); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

std::string pack(std::string_view text) {
  uLongf length = ::compressBound(text.size());
  std::string packed(length, '\0');
  // The fastest level: identifiers are random, and names repeat from row to row, so that more effort finds little more.
  const int outcome =
      ::compress2(reinterpret_cast<Bytef*>(packed.data()), &length, input(text), text.size(), Z_BEST_SPEED);
  SHOAL_ASSERT(outcome == Z_OK);
  packed.resize(length);
  packed.shrink_to_fit();
  return packed;
}

result<std::string> unpack(std::string_view packed) {
  if (packed.size() > tracker_message_bytes_max) return refusal("too long");
  inflater unpacking;
  z_stream& stream = unpacking.stream();
  stream.next_in = input(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    if (text.size() > tracker_message_bytes_max) return refusal("unpacks to too much");
    const std::size_t before = text.size();
    text.resize(before + std::clamp(packed.size() * 2, std::size_t{1}, step_bytes));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = static_cast<uInt>(text.size() - before);
    outcome = ::inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  if (outcome != Z_STREAM_END || stream.avail_in != 0) return refusal("not one whole zlib stream");
  return text;
}

}  // namespace shoal::tracking
