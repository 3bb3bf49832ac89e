#include "directory/tracking_pack.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "core/assert.hpp"
#include "directory/tracking.hpp"

namespace shoal::tracking {

namespace {

/// Packed or unpacked at a time.
constexpr std::size_t step_bytes = 64 * KiB;

error refusal(std::string_view reason) {
  return {errc::protocol, "packed live message: " + std::string(reason)};
}

// zlib takes pointers to what it only reads as non-const unless it was built otherwise.
Bytef* input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

bool is_too_much(std::size_t text_bytes, std::size_t packed_bytes) {
  return text_bytes > unpacked_bytes_free + unpacked_bytes_per_byte * packed_bytes;
}

class deflater {
 public:
  deflater() {
    // The fastest level: identifiers are random, and names repeat from row to row, so that more effort finds little
    // more.
    if (::deflateInit(&stream_, Z_BEST_SPEED) != Z_OK) throw std::bad_alloc();
  }
  ~deflater() { ::deflateEnd(&stream_); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

std::optional<std::string> pack(std::string_view text) {
  deflater packing;
  z_stream& stream = packing.stream();
  std::string packed(::deflateBound(&stream, text.size()), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  int outcome = Z_OK;
  for (std::size_t at = 0; outcome != Z_STREAM_END;) {
    const std::string_view step = text.substr(at, step_bytes);
    at += step.size();
    stream.next_in = input(step);
    stream.avail_in = static_cast<uInt>(step.size());
    outcome = ::deflate(&stream, at == text.size() ? Z_FINISH : Z_NO_FLUSH);
    SHOAL_ASSERT(outcome == Z_OK || outcome == Z_STREAM_END);
    // At any point of the stream: who unpacks does not know how it goes on.
    if (is_too_much(at, stream.total_out)) return std::nullopt;
  }
  packed.resize(stream.total_out);
  packed.shrink_to_fit();
  return packed;
}

unpacker::unpacker() : piece_(std::make_unique<char[]>(step_bytes)) {
  if (::inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
}

unpacker::~unpacker() {
  ::inflateEnd(&stream_);
}

void unpacker::put(std::string_view packed) {
  stream_.next_in = input(packed);
  stream_.avail_in = static_cast<uInt>(packed.size());
  taken_ += packed.size();
}

result<std::string_view> unpacker::next() {
  if (complete_) {
    if (stream_.avail_in != 0) return refusal("there is something behind it");
    return std::string_view{};
  }
  stream_.next_out = reinterpret_cast<Bytef*>(piece_.get());
  stream_.avail_out = static_cast<uInt>(step_bytes);
  const int outcome = ::inflate(&stream_, Z_NO_FLUSH);
  const std::size_t bytes = step_bytes - stream_.avail_out;
  // Z_BUF_ERROR: it needs more of the packed bytes.
  if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) return refusal("not a zlib stream");
  complete_ = outcome == Z_STREAM_END;
  given_ += bytes;
  if (is_too_much(given_, taken_) || given_ > tracker_message_bytes_max) return refusal("unpacks to too much");
  // An empty piece is the end of what was put.
  if (bytes == 0 && complete_) return next();
  return std::string_view(piece_.get(), bytes);
}

result<std::string> unpack(std::string_view packed) {
  unpacker unpacking;
  unpacking.put(packed);
  std::string text;
  while (true) {
    const auto piece = unpacking.next();
    if (!piece) return piece.error();
    if (piece->empty()) break;
    text += *piece;
  }
  if (!unpacking.complete()) return refusal("not one whole zlib stream");
  return text;
}

}  // namespace shoal::tracking
