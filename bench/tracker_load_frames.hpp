// WebSocket as a client of a tracker sees it (RFC 6455): the upgrade, the header of the next frame, and frames to send.
//
// Used by tracker_load alone, which trusts its tracker: nothing is checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::bench {

/// The request that begins a session (4.1).
inline constexpr std::string_view upgrade =
    "GET /live HTTP/1.1\r\nHost: tracker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

enum opcode : std::uint8_t { op_text = 1, op_binary = 2, op_close = 8, op_ping = 9, op_pong = 10 };

/// Masked with zeros, as a client must mask (5.3).
inline std::string frame(opcode kind, std::string_view payload) {
  std::string out;
  out += static_cast<char>(0x80 | kind);
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  out.append(4, '\0');
  out += payload;
  return out;
}

struct frame_header {
  std::uint64_t left = 0;  ///< bytes of the frame that have not come
  std::uint8_t kind = 0;   ///< 0 continues a message
  bool is_last = false;

  bool is_control() const { return kind >= op_close; }

  /// Takes the next header off the front of `bytes`; true when it is whole.
  bool take(std::string_view& bytes) {
    std::size_t whole = begun_.size() < 2 ? 2 : size();
    while (begun_.size() < whole && !bytes.empty()) {
      begun_ += bytes.front();
      bytes.remove_prefix(1);
      if (begun_.size() == 2) whole = size();
    }
    if (begun_.size() < whole) return false;
    is_last = (at(0) & 0x80) != 0;
    kind = at(0) & 0x0f;
    left = at(1);
    if (whole > 2) left = 0;
    for (std::size_t i = 2; i < whole; ++i) left = left << 8 | at(i);
    begun_.clear();
    return true;
  }

 private:
  std::uint8_t at(std::size_t i) const { return static_cast<std::uint8_t>(begun_[i]); }
  std::size_t size() const { return at(1) == 126 ? 4 : at(1) == 127 ? 10 : 2; }

  std::string begun_;
};

}  // namespace shoal::bench
