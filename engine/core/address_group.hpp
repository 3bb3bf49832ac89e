// The addresses that count as one origin: one IPv4 address, or the 64 bits that a network of IPv6 gives to one
// customer.
//
// Budgets, places and bans go by it, because whoever has one address of such a network has all of them. Pure value.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <span>

namespace shoal {

class address_group {
 public:
  /// Of no address.
  address_group() = default;
  static address_group of_v4(std::span<const std::uint8_t, 4> address) {
    address_group group;
    group.bytes_[0] = 4;
    std::ranges::copy(address, group.bytes_.begin() + 1);
    return group;
  }
  static address_group of_v6(std::span<const std::uint8_t, 16> address) {
    address_group group;
    group.bytes_[0] = 6;
    std::ranges::copy(address.first<8>(), group.bytes_.begin() + 1);
    return group;
  }

  friend auto operator<=>(const address_group&, const address_group&) = default;

 private:
  std::array<std::uint8_t, 9> bytes_{};
};

}  // namespace shoal
