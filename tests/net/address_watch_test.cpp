#include "net/address_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "tests/net/world.hpp"

namespace shoal {

namespace {

template <class Struct>
void put(byte_buffer& to, const Struct& value) {
  const auto at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

void put_attribute(byte_buffer& to, unsigned short type, const byte_buffer& value) {
  rtattr header{};
  header.rta_len = static_cast<unsigned short>(sizeof header + value.size());
  header.rta_type = type;
  put(to, header);
  to.insert(to.end(), value.begin(), value.end());
  to.resize((to.size() + 3) / 4 * 4);
}

byte_buffer message(std::uint16_t type, unsigned char family, const byte_buffer& attributes) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + sizeof(ifaddrmsg) + attributes.size());
  header.nlmsg_type = type;
  ifaddrmsg about{};
  about.ifa_family = family;
  byte_buffer out;
  put(out, header);
  put(out, about);
  out.insert(out.end(), attributes.begin(), attributes.end());
  return out;
}

byte_buffer both(unsigned char peer, unsigned char own) {
  byte_buffer attributes;
  put_attribute(attributes, IFA_LABEL, {'e', 0});
  put_attribute(attributes, IFA_ADDRESS, {192, 0, 2, peer});
  put_attribute(attributes, IFA_LOCAL, {192, 0, 2, own});
  put_attribute(attributes, IFA_ADDRESS, {192, 0, 2, peer});
  return attributes;
}

address_change change(const char* address, bool gone) {
  return {asio::ip::make_address(address), gone};
}

}  // namespace

TEST_CASE("addresses that come and go are read", "[address_watch]") {
  byte_buffer v6;
  put_attribute(v6, IFA_ADDRESS, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  auto datagram = message(RTM_DELADDR, AF_INET, both(2, 1));
  for (const auto& more : {message(RTM_NEWLINK, AF_INET, both(8, 8)), message(RTM_NEWADDR, AF_INET6, v6)}) {
    datagram.insert(datagram.end(), more.begin(), more.end());
  }
  CHECK(parse_address_changes(datagram) == std::vector{change("192.0.2.1", true), change("2001:db8::1", false)});
}

TEST_CASE("a datagram that is cut or nonsense harms nothing", "[address_watch]") {
  const auto whole = message(RTM_DELADDR, AF_INET, both(2, 1));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CHECK(parse_address_changes(byte_view(whole).first(bytes)).empty());
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t value : std::initializer_list<std::uint8_t>{0, 1, 255}) {
      auto damaged = whole;
      damaged[at] = value;
      CHECK(parse_address_changes(damaged).size() <= 1);
    }
  }
}

TEST_CASE("a watch ends when it is stopped", "[address_watch]") {
  testing::world w;
  address_watch subject(w.executor(), [](const address_change&) {});
  if (!subject.open()) return;
  w.tasks.spawn("watch", subject.run());
  w.context.poll();
  subject.stop();
  CHECK(w.drain());
}

}  // namespace shoal
