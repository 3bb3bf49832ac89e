// What decodes must encode, and decode to the same again: frames, handshakes and payloads of extensions.
//
// The first byte says which; the rest is the input.
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "wire/extension.hpp"
#include "wire/messages.hpp"

namespace {

using namespace shoal;

void try_frame(byte_view input) {
  const auto first = wire::decode(input);
  if (!first || std::holds_alternative<wire::unknown>(*first)) return;
  byte_buffer framed;
  wire::encode(*first, framed);
  SHOAL_ASSERT(framed.size() >= 4 && load_be32(framed.data()) == framed.size() - 4);
  const auto again = wire::decode(byte_view{framed}.subspan(4));
  SHOAL_ASSERT(again && *again == *first);
  // A frame has one encoding only.
  SHOAL_ASSERT(as_text(framed).substr(4) == as_text(input));
}

/// Extension payloads may hold what we do not keep: only values are compared.
template <class Decode>
void try_value(byte_view input, Decode decode) {
  const auto first = decode(input);
  if (!first) return;
  const byte_buffer bytes = wire::encode(*first);
  const auto again = decode(bytes);
  SHOAL_ASSERT(again && *again == *first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view input{data + 1, size - 1};
  switch (data[0]) {
    case 'h':
      try_value(input, wire::decode_handshake);
      break;
    case 'e':
      try_value(input, wire::decode_extension_handshake);
      break;
    case 'm':
      try_value(input, wire::decode_metadata_message);
      break;
    case 'p':
      try_value(input, wire::decode_pieces_hint);
      break;
    default:
      try_frame(input);
  }
  return 0;
}
