#include "net/syn_filter.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "core/bytes.hpp"

namespace shoal {

namespace {

// Of the TCP header (RFC 9293, 3.1).
constexpr std::uint32_t flags_at = 13;
constexpr std::uint32_t syn = 0x02;
constexpr std::uint32_t syn_and_ack = 0x12;
// Of the IP header (RFC 791, 3.1; RFC 8200, 3).
constexpr auto network = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t source_v4_at = network + 12;
constexpr std::uint32_t source_v6_at = network + 8;
constexpr std::uint32_t drop = 0;
constexpr std::uint32_t pass = 0xffffffff;

sock_filter step(unsigned code, std::uint32_t operand) {
  return {static_cast<std::uint16_t>(code), 0, 0, operand};
}
// If the value is `operand`, skips `equal` steps, otherwise `other`.
sock_filter compare(std::uint32_t operand, std::uint8_t equal, std::uint8_t other) {
  return {BPF_JMP | BPF_JEQ | BPF_K, equal, other, operand};
}

}  // namespace

std::vector<sock_filter> syn_filter(std::span<const address_group> origins) {
  std::vector<sock_filter> four;
  std::vector<sock_filter> six;
  for (const address_group& origin : origins) {
    const std::uint32_t high = load_be32(origin.bytes().data() + 1);
    const std::uint32_t low = load_be32(origin.bytes().data() + 5);
    if (origin.bytes()[0] == 4) {
      four.insert(four.end(), {compare(high, 0, 1), step(BPF_RET | BPF_K, drop)});
    } else if (origin.bytes()[0] == 6) {
      six.insert(six.end(),
                 {step(BPF_LD | BPF_W | BPF_ABS, source_v6_at), compare(high, 0, 3),
                  step(BPF_LD | BPF_W | BPF_ABS, source_v6_at + 4), compare(low, 0, 1), step(BPF_RET | BPF_K, drop)});
    }
  }
  std::vector<sock_filter> program{
      step(BPF_LD | BPF_B | BPF_ABS, flags_at),
      step(BPF_ALU | BPF_AND | BPF_K, syn_and_ack),
      compare(syn, 1, 0),
      step(BPF_RET | BPF_K, pass),
      step(BPF_LD | BPF_B | BPF_ABS, network),
      step(BPF_ALU | BPF_RSH | BPF_K, 4),
      compare(4, 1, 0),
      // Past the source address of IPv4, the tests of it, and their end.
      step(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(four.size() + 2)),
      step(BPF_LD | BPF_W | BPF_ABS, source_v4_at),
  };
  program.insert(program.end(), four.begin(), four.end());
  program.push_back(step(BPF_RET | BPF_K, pass));
  program.insert(program.end(), six.begin(), six.end());
  program.push_back(step(BPF_RET | BPF_K, pass));
  return program;
}

bool drop_attempts(int listening_socket, std::span<const address_group> origins) {
  if (origins.empty()) {
    const int nothing = 0;
    return ::setsockopt(listening_socket, SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing) == 0;
  }
  auto steps = syn_filter(origins.first(std::min(origins.size(), filtered_origins_max)));
  const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  return ::setsockopt(listening_socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace shoal
