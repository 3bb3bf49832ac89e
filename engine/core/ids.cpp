#include "core/ids.hpp"

#include <random>

namespace shoal {

const std::array<std::uint64_t, 9> id_hash_keys = [] {
  std::random_device random;
  std::array<std::uint64_t, 9> keys{};
  for (auto& key : keys) key = std::uint64_t{random()} << 32 | random();
  return keys;
}();

}  // namespace shoal
