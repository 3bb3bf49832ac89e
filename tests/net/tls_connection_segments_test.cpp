// How the records of TLS become segments of TCP.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/descriptor.hpp"
#include "net/swarm_keys.hpp"
#include "net/tls_connection.hpp"

using namespace shoal;

namespace {

constexpr std::size_t record = 16 * KiB;

/// tcp_info of <linux/tcp.h> up to what is used here: the C library's ends earlier.
struct longer_tcp_info {
  tcp_info first;
  std::array<std::uint64_t, 4> rates_and_bytes;
  std::uint32_t segments_out;
};
static_assert(offsetof(longer_tcp_info, segments_out) == 136);

/// Both ends of a TCP connection through TLS, on this thread.
struct pair {
  swarm_keys keys;
  unique_descriptor here;
  unique_descriptor there;
  std::unique_ptr<tls_connection> sender;
  std::unique_ptr<tls_connection> receiver;

  pair() {
    const unique_descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    REQUIRE(::bind(listener.get(), address, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), address, &size) == 0);
    here = unique_descriptor(::socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(::connect(here.get(), address, size) == 0);
    there = unique_descriptor(::accept(listener.get(), nullptr, nullptr));
    constexpr int on = 1;
    for (const int socket : {here.get(), there.get()}) {
      REQUIRE(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
      REQUIRE(::fcntl(socket, F_SETFL, O_NONBLOCK) == 0);
    }
    const swarm_key key = *swarm_key::make();
    keys.replace({key});
    sender = tls_connection::as_client(keys, key, here.get());
    receiver = tls_connection::as_server(keys, there.get());
    auto one = tls_connection::step::wants_read;
    auto other = one;
    while (one != tls_connection::step::done || other != tls_connection::step::done) {
      if (one != tls_connection::step::done) one = sender->handshake();
      if (other != tls_connection::step::done) other = receiver->handshake();
      REQUIRE((one != tls_connection::step::failed && other != tls_connection::step::failed));
    }
  }
  std::uint32_t segments() const {
    longer_tcp_info known{};
    socklen_t size = sizeof known;
    REQUIRE(::getsockopt(here.get(), IPPROTO_TCP, TCP_INFO, &known, &size) == 0);
    return known.segments_out;
  }
};

unique_descriptor file_of(std::size_t bytes) {
  unique_descriptor file(::memfd_create("content", MFD_CLOEXEC));
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(bytes)) == 0);
  return file;
}

}  // namespace

TEST_CASE("records that follow each other share segments, and nothing is held back", "[tls_connection]") {
  pair p;
  constexpr std::size_t records = 4;
  constexpr std::uint32_t rounds = 32;
  const auto file = file_of(records * record);
  byte_buffer got(records * record);
  const std::uint32_t before = p.segments();
  for (std::uint32_t round = 0; round < rounds; ++round) {
    REQUIRE(p.sender->send_file(file.get(), 0, got.size()).bytes == got.size());
    REQUIRE(p.receiver->recv_some(got).bytes == got.size());
  }
  CHECK(p.segments() - before < records * rounds * 3 / 4);
}

TEST_CASE("records of a byte are counted, and few are read at once", "[tls_connection]") {
  pair p;
  constexpr std::size_t records = 1000;
  const std::array<std::uint8_t, 1> byte{'x'};
  for (std::size_t i = 0; i < records; ++i) REQUIRE(p.sender->send_some(byte, false).bytes == 1);
  std::array<std::uint8_t, 4 * KiB> into{};
  std::size_t got = 0;
  std::size_t most = 0;
  std::int64_t counted = 0;
  while (got < records) {
    const auto some = p.receiver->recv_some(into);
    // What is here is not all read yet.
    if (some.bytes > 0 && got + some.bytes < records) CHECK_FALSE(p.receiver->is_drained());
    got += some.bytes;
    most = std::max(most, some.bytes);
    counted = p.receiver->small_records();
  }
  CHECK(most <= 64);
  CHECK(counted == static_cast<std::int64_t>(records - records / tls_small_record_bytes));
}

TEST_CASE("records that are full are no small ones", "[tls_connection]") {
  pair p;
  const std::unique_ptr<std::uint8_t[]> content(new std::uint8_t[record]);
  std::size_t got = 0;
  for (std::size_t sent = 0; sent < 64 * record;) {
    sent += p.sender->send_some({content.get(), record}, false).bytes;
    got += p.receiver->recv_some({content.get(), record}).bytes;
  }
  CHECK(got > 0);
  CHECK(p.receiver->small_records() <= 0);
}
