#include "directory/tracking_pack.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
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

}  // namespace

packer::packer() {
  // The fastest level: identifiers are random, and names repeat from row to row, so that more effort finds little more.
  if (::deflateInit(&stream_, Z_BEST_SPEED) != Z_OK) throw std::bad_alloc();
}

packer::~packer() {
  ::deflateEnd(&stream_);
}

void packer::put(std::string_view text) {
  // In steps, because unpacker looks at the bound after each of its own.
  for (; !text.empty() && !refused_; text.remove_prefix(std::min(step_bytes, text.size()))) {
    run(text.substr(0, step_bytes), Z_NO_FLUSH);
  }
}

std::optional<std::string> packer::finish() {
  if (!refused_) run({}, Z_FINISH);
  if (refused_) return std::nullopt;
  packed_.shrink_to_fit();
  return std::move(packed_);
}

void packer::run(std::string_view text, int flush) {
  std::array<char, 16 * KiB> room;
  taken_ += text.size();
  stream_.next_in = input(text);
  stream_.avail_in = static_cast<uInt>(text.size());
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int outcome = ::deflate(&stream_, flush);
    // Z_BUF_ERROR: there was nothing left to do.
    SHOAL_ASSERT(outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR);
    packed_.append(room.data(), room.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
  // At any point of the stream: who unpacks does not know how it goes on.
  refused_ = is_too_much(taken_, stream_.total_out);
}

std::optional<std::string> pack(std::string_view text) {
  packer packing;
  packing.put(text);
  return packing.finish();
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
