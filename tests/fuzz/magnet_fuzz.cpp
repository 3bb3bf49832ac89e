// Whatever link is accepted is formatted so that it is read back the same.
#include <cstddef>
#include <cstdint>

#include "content/magnet.hpp"
#include "core/assert.hpp"
#include "core/bytes.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto link = parse_magnet(as_text({data, size}));
  if (!link) return 0;
  SHOAL_ASSERT(link->way.peers.size() <= ways_max && link->way.trackers.size() <= ways_max);
  const std::string text = format_magnet(*link);
  // Escaping can lengthen a link beyond what is read.
  if (text.size() > magnet_bytes_max) return 0;
  const auto again = parse_magnet(text);
  SHOAL_ASSERT(again.has_value() && again->id == link->id && again->name == link->name &&
               again->way.peers == link->way.peers);
  SHOAL_ASSERT(again->way.trackers == link->way.trackers);
  return 0;
}
