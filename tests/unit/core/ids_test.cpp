#include "core/ids.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <unordered_set>

using namespace shoal;

TEST_CASE("ids that somebody made alike in all but four bytes are spread over the buckets") {
  for (const std::size_t place : std::initializer_list<std::size_t>{0, 12, 28}) {
    std::unordered_set<share_id> ids;
    for (std::uint32_t n = 0; n < 10'000; ++n) {
      share_id id;
      store_be32(id.bytes.data() + place, n);
      ids.insert(id);
    }
    std::size_t fullest = 0;
    for (std::size_t i = 0; i < ids.bucket_count(); ++i) fullest = std::max(fullest, ids.bucket_size(i));
    CAPTURE(place);
    CHECK(fullest < 30);
  }
}
