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
#include <string>

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

  /// 4 and the address, or 6 and the network. All zero: of no address.
  std::span<const std::uint8_t, 9> bytes() const { return bytes_; }

  friend auto operator<=>(const address_group&, const address_group&) = default;

 private:
  std::array<std::uint8_t, 9> bytes_{};
};

/// The same as text: "192.0.2.1", or "2001:db8:0:0::/64" for each address of that network. What is no IPv6 address
/// stays as it is.
std::string origin_text(const std::string& address);

}  // namespace shoal
