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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = shoal::as_text({data, size});
  try_message(text, shoal::tracking::decode_peer_message);
  try_message(text, shoal::tracking::decode_tracker_message);
  if (const auto unpacked = shoal::tracking::unpack(text))
    SHOAL_ASSERT(*shoal::tracking::unpack(shoal::tracking::pack(*unpacked)) == *unpacked);
  return 0;
}
