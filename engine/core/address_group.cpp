#include "core/address_group.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace shoal {

namespace {

constexpr std::size_t groups_of_v6 = 8;
constexpr std::size_t groups_of_network = 4;

// The groups of a part of an IPv6 address (RFC 4291, 2.2). The IPv4 address that may end it counts as two.
std::optional<std::vector<std::uint16_t>> groups_in(std::string_view text) {
  std::vector<std::uint16_t> groups;
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(text.size(), group.size() + 1));
    if (group.find('.') != std::string_view::npos && text.empty()) {
      groups.insert(groups.end(), {0, 0});
      break;
    }
    std::uint16_t value = 0;
    const auto read = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (read.ec != std::errc() || read.ptr != group.data() + group.size()) return std::nullopt;
    groups.push_back(value);
  }
  return groups;
}

std::string hexadecimal(std::uint16_t value) {
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

std::string origin_text(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  const std::string_view whole = std::string_view(address).substr(0, address.find('%'));
  const std::size_t gap = whole.find("::");
  auto groups = groups_in(whole.substr(0, gap));
  const auto rest =
      gap == std::string_view::npos ? std::optional(std::vector<std::uint16_t>()) : groups_in(whole.substr(gap + 2));
  if (!groups || !rest || groups->size() + rest->size() > groups_of_v6) return address;
  if (gap == std::string_view::npos && groups->size() != groups_of_v6) return address;
  groups->resize(groups_of_v6 - rest->size());
  groups->insert(groups->end(), rest->begin(), rest->end());
  std::string network;
  for (std::size_t at = 0; at < groups_of_network; ++at) network += hexadecimal((*groups)[at]) + ":";
  return network + ":/64";
}

}  // namespace shoal
