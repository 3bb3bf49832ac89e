#include "net/address_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace shoal {

namespace {

/// The kernel's datagrams are a page at most.
constexpr std::size_t datagram_bytes = 8 * KiB;

/// Headers and attributes begin at multiples of this (NLMSG_ALIGNTO, RTA_ALIGNTO).
constexpr std::size_t alignment = 4;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// The struct at the beginning of `bytes`; nothing if there are too few bytes.
template <class Struct>
std::optional<Struct> read_struct(byte_view bytes) {
  if (bytes.size() < sizeof(Struct)) return std::nullopt;
  Struct value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class Address>
asio::ip::address to_address(byte_view bytes) {
  typename Address::bytes_type raw;
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  return Address(raw);
}

/// The address in the attributes of one message. IFA_LOCAL is ours. IFA_ADDRESS is ours, too, except on a line to one
/// other machine. There IFA_LOCAL gives ours as well (rtnetlink(7)).
std::optional<asio::ip::address> own_address(byte_view attributes, unsigned family) {
  std::optional<asio::ip::address> found;
  while (const auto header = read_struct<rtattr>(attributes)) {
    if (header->rta_len < sizeof(rtattr) || header->rta_len > attributes.size()) break;
    const byte_view value = attributes.subspan(sizeof(rtattr), header->rta_len - sizeof(rtattr));
    const bool local = header->rta_type == IFA_LOCAL;
    if (local || (header->rta_type == IFA_ADDRESS && !found)) {
      if (family == AF_INET && value.size() == 4) found = to_address<asio::ip::address_v4>(value);
      if (family == AF_INET6 && value.size() == 16) found = to_address<asio::ip::address_v6>(value);
    }
    attributes = attributes.subspan(std::min(attributes.size(), aligned(header->rta_len)));
  }
  return found;
}

}  // namespace

std::vector<address_change> parse_address_changes(byte_view datagram) {
  std::vector<address_change> changes;
  while (const auto header = read_struct<nlmsghdr>(datagram)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) break;
    const byte_view body = datagram.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr));
    const bool about_address = header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_DELADDR;
    const auto which = about_address ? read_struct<ifaddrmsg>(body) : std::nullopt;
    if (which) {
      const auto address = own_address(body.subspan(sizeof(ifaddrmsg)), which->ifa_family);
      if (address) changes.push_back({*address, header->nlmsg_type == RTM_DELADDR});
    }
    datagram = datagram.subspan(std::min(datagram.size(), aligned(header->nlmsg_len)));
  }
  return changes;
}

address_watch::address_watch(asio::any_io_executor executor, std::function<void(const address_change&)> on_change)
    : on_change_(std::move(on_change)), socket_(std::move(executor)) {}

result<void> address_watch::open() {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return system_error("cannot ask for changes of addresses", errno, errc::internal);
  error_code ec;
  socket_.assign(descriptor, ec);
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  // The type that bind() takes for all families.
  const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&groups));
  if (ec || ::bind(descriptor, address, sizeof groups) != 0) {
    const int why = ec ? ec.value() : errno;
    stop();
    return system_error("cannot ask for changes of addresses", why, errc::internal);
  }
  return {};
}

bool address_watch::read_changes() {
  std::array<std::uint8_t, datagram_bytes> datagram;
  while (socket_.is_open()) {
    const ssize_t got = ::recv(socket_.native_handle(), datagram.data(), datagram.size(), 0);
    if (got > 0) {
      const auto changes = parse_address_changes(byte_view(datagram).first(static_cast<std::size_t>(got)));
      for (const address_change& one : changes) on_change_(one);
      continue;
    }
    // With ENOBUFS some messages were lost. Silence will tell of those changes.
    if (got < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
    return got < 0 && errno == EAGAIN;
  }
  return false;
}

awaitable<void> address_watch::run() {
  while (socket_.is_open()) {
    const auto ready = co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
    if (std::get<0>(ready) || !read_changes()) co_return;
  }
}

void address_watch::stop() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace shoal
