// Packing of the tracker's longer messages: JSON text in the zlib format (RFC 1950), sent as a binary WebSocket
// message.
//
// A crowd of N that joins at once is told N times N rows. Packed, a row takes a quarter of the bytes. WebSocket's own
// compression (RFC 7692) does not fit: it compresses again for each connection, and each holds a window. A packed
// message is made once, and all sessions share it.
//
// A few bytes can unpack to very many. So there is a bound to how many, which what a tracker has to say does not come
// near, and a tracker sends nothing packed that goes beyond it. Unpacking takes any bytes, works in pieces and holds
// one piece. Pure.
#pragma once

#include <zlib.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal::tracking {

/// Messages from this size on are packed. Shorter ones fit a segment anyway.
inline constexpr std::size_t packed_from_bytes = 1 * KiB;
/// So many bytes unpack from any, and so many more from each packed byte. Rows with ids pack to a tenth at best.
inline constexpr std::size_t unpacked_bytes_free = 1 * MiB;
inline constexpr std::size_t unpacked_bytes_per_byte = 64;

/// Packs a text that comes in parts.
class packer {
 public:
  packer();
  ~packer();
  packer(const packer&) = delete;
  packer& operator=(const packer&) = delete;

  /// The next part, of any size. It is not needed afterwards.
  void put(std::string_view text);
  /// Once, after the last put(). Nothing if the text packs to so little that unpacker would refuse it. It is then sent
  /// as it is.
  std::optional<std::string> finish();

 private:
  void run(std::string_view text, int flush);

  z_stream stream_{};
  std::string packed_;
  std::size_t taken_ = 0;
  bool refused_ = false;
};

/// The whole text at once; as packer.
std::optional<std::string> pack(std::string_view text);
/// The whole text at once. errc::protocol as for unpacker.
result<std::string> unpack(std::string_view packed);

/// Unpacks a message while it comes.
class unpacker {
 public:
  unpacker();
  ~unpacker();
  unpacker(const unpacker&) = delete;
  unpacker& operator=(const unpacker&) = delete;

  /// The next packed bytes. They stay until next() has returned nothing.
  void put(std::string_view packed);
  /// The next piece of the text, until the next call. Empty: more packed bytes are needed, or the text is complete.
  /// errc::protocol if this is no zlib stream, there is something behind it, or it unpacks to too much.
  result<std::string_view> next();
  /// The text is complete.
  bool complete() const { return complete_; }

 private:
  z_stream stream_{};
  std::unique_ptr<char[]> piece_;
  std::size_t taken_ = 0;
  std::size_t given_ = 0;
  bool complete_ = false;
};

}  // namespace shoal::tracking
