// What decodes at /live must encode, and decode to the same again; the same for packing.
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "directory/tracking.hpp"
#include "directory/tracking_pack.hpp"

namespace {

template <class Decode>
void try_message(std::string_view text, Decode decode) {
  const auto first = decode(text);
  if (!first) return;
  const std::string encoded = shoal::tracking::encode(*first);
  const auto again = decode(encoded);
  SHOAL_ASSERT(again && *again == *first);
}

// In pieces of any size the text decodes to the same.
void try_pieces(std::string_view text) {
  const auto whole = shoal::tracking::decode_tracker_message(text);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{7}}) {
    shoal::tracking::tracker_message_decoder decoder;
    shoal::result<void> good;
    for (std::size_t at = 0; good && at < text.size(); at += bytes) good = decoder.write(text.substr(at, bytes));
    if (!good) {
      SHOAL_ASSERT(!whole);
      continue;
    }
    const auto message = decoder.finish();
    SHOAL_ASSERT(message.has_value() == whole.has_value() && (!whole || *message == *whole));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = shoal::as_text({data, size});
  try_message(text, shoal::tracking::decode_peer_message);
  try_message(text, shoal::tracking::decode_tracker_message);
  if (const auto unpacked = shoal::tracking::unpack(text)) {
    const auto packed = shoal::tracking::pack(*unpacked);
    SHOAL_ASSERT(!packed || *shoal::tracking::unpack(*packed) == *unpacked);
  }
  try_pieces(text);
  return 0;
}
