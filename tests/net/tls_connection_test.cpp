#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "core/descriptor.hpp"
#include "net/dial.hpp"
#include "net/listener.hpp"
#include "net/stream.hpp"
#include "net/tls_connection.hpp"
#include "show_result.hpp"
#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;
using namespace boost::asio::experimental::awaitable_operators;

namespace {

namespace websocket = boost::beast::websocket;

byte_buffer made_bytes(std::size_t count) {
  byte_buffer bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

/// A node that listens, and one that dials it.
struct two_nodes : world {
  swarm_keys theirs;
  swarm_keys ours;
  std::vector<stream> guests;
  std::vector<std::uint8_t> first;
  std::vector<std::uint8_t> strangers;
  listener there{executor(), theirs,
                 [this](stream guest, std::uint8_t byte) {
                   first.push_back(byte);
                   guests.push_back(std::move(guest));
                 },
                 [this](stream, std::uint8_t byte) { strangers.push_back(byte); }};
  stream here{executor()};

  two_nodes() {
    REQUIRE(there.open({asio::ip::address_v4::loopback(), 0}).has_value());
    tasks.spawn("listener", there.run());
  }
  ~two_nodes() {
    there.stop();
    here.close();
    SHOAL_ASSERT(drain());
  }
  result<void> dial() {
    result<void> outcome = error{};
    REQUIRE(finish(dial_into(outcome)));
    return outcome;
  }
  /// Both ends of a connection that both sides have proven the key for; its first byte is 'x'.
  stream& connect() {
    REQUIRE(dial().has_value());
    const byte_buffer greeting{'x'};
    REQUIRE(here.send_some(greeting).bytes == 1);
    REQUIRE(until([&] { return !guests.empty(); }));
    return guests.back();
  }

 private:
  awaitable<void> dial_into(result<void>& outcome) {
    outcome = co_await shoal::dial(here, there.local(), patience, ours);
  }
};

swarm_key new_key() {
  return *swarm_key::make();
}

/// Two nodes of one private swarm.
struct private_nodes : two_nodes {
  swarm_key key = new_key();

  private_nodes() {
    REQUIRE(theirs.replace({key}).has_value());
    REQUIRE(ours.replace({key}).has_value());
  }
};

awaitable<void> send(stream& to, byte_view bytes) {
  const error_code ec = co_await to.send_all(bytes);
  CHECK_FALSE(ec);
}

awaitable<void> receive(stream& from, byte_buffer& into) {
  const error_code ec = co_await from.receive_all(into);
  CHECK_FALSE(ec);
}

}  // namespace

TEST_CASE("an open swarm asks nothing of OpenSSL, which may lack what a private one needs", "[tls_connection]") {
  swarm_keys keys;
  CHECK(keys.context() == nullptr);
  REQUIRE(keys.replace({new_key()}).has_value());
  CHECK(keys.context() != nullptr);
  CHECK(keys.is_private());
}

TEST_CASE("both sides prove the key, and the handler reads what is inside TLS", "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  CHECK(w.first == std::vector<std::uint8_t>{'x'});
  CHECK(guest.key() == w.key.id());
  CHECK(w.here.key() == w.key.id());
  byte_buffer got(1);
  REQUIRE(w.finish(receive(guest, got)));
  CHECK(got == byte_buffer{'x'});
  CHECK(w.strangers.empty());
}

TEST_CASE("a key that differs by a bit proves nothing", "[tls_connection]") {
  two_nodes w;
  std::array<std::uint8_t, swarm_key::secret_bytes> secret{};
  REQUIRE(w.theirs.replace({swarm_key(secret)}).has_value());
  secret[17] ^= 4;
  REQUIRE(w.ours.replace({swarm_key(secret)}).has_value());
  const auto outcome = w.dial();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == errc::permission);
  CHECK(outcome.error().helps == remedy::other_key);
  CHECK((w.guests.empty() && w.strangers.empty()));
}

TEST_CASE("who knows the id of the key and not the key is turned away", "[tls_connection]") {
  private_nodes w;
  // OpenSSL alone: a swarm_key always has the id of its secret.
  static key_id claimed;
  claimed = w.key.id();
  const auto offer = [](SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* id_bytes,
                        SSL_SESSION** session) {
    const std::array<unsigned char, 32> wrong{};
    const std::array<unsigned char, 2> suite{0x13, 0x01};
    *session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(*session, wrong.data(), wrong.size());
    SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite.data()));
    SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
    *id = claimed.bytes.data();
    *id_bytes = claimed.size;
    return 1;
  };
  tcp::socket socket(w.executor());
  socket.connect(w.there.local());
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_psk_use_session_callback(context.get(), offer);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(ssl.get(), socket.native_handle());
  std::atomic<int> outcome{-1};
  std::thread client([&] { outcome = SSL_connect(ssl.get()) == 1 ? 1 : 0; });
  CHECK(w.until([&] { return outcome >= 0; }));
  client.join();
  CHECK(outcome == 0);
  CHECK((w.guests.empty() && w.strangers.empty()));
}

TEST_CASE("an open node and one with a key say what is wrong", "[tls_connection]") {
  two_nodes w;
  REQUIRE(w.ours.replace({new_key()}).has_value());
  const auto outcome = w.dial();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == errc::protocol);
  CHECK(outcome.error().helps == remedy::without_key);
  CHECK(w.guests.empty());
}

TEST_CASE("a connection in the clear to a private node goes to the handler of strangers", "[listener]") {
  two_nodes w;
  REQUIRE(w.theirs.replace({new_key()}).has_value());
  REQUIRE(w.dial().has_value());
  const byte_buffer hello{0x13, 'B', 'i', 't'};
  REQUIRE(w.here.send_some(hello).bytes == hello.size());
  REQUIRE(w.until([&] { return !w.strangers.empty(); }));
  CHECK(w.strangers == std::vector<std::uint8_t>{0x13});
  CHECK(w.guests.empty());
}

TEST_CASE("while keys rotate, a node that has either key gets in", "[dial]") {
  two_nodes w;
  const swarm_key old_key = new_key();
  const swarm_key new_one = new_key();
  REQUIRE(w.theirs.replace({old_key}).has_value());
  REQUIRE(w.ours.replace({new_one, old_key}).has_value());
  CHECK(w.connect().key() == old_key.id());
  w.here.close();
  REQUIRE(w.theirs.replace({new_one, old_key}).has_value());
  w.guests.clear();
  CHECK(w.connect().key() == new_one.id());
}

TEST_CASE("more than the kernel holds goes through TLS whole, both ways at once", "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  byte_buffer greeting(1);
  REQUIRE(w.finish(receive(guest, greeting)));
  const byte_buffer bytes = made_bytes(20'000'000);
  byte_buffer there(bytes.size());
  byte_buffer back(bytes.size());
  const auto all = [&]() -> awaitable<void> {
    co_await (send(w.here, bytes) && receive(guest, there) && send(guest, bytes) && receive(w.here, back));
  };
  REQUIRE(w.finish(all()));
  CHECK(there == bytes);
  CHECK(back == bytes);
}

TEST_CASE("a file goes through TLS whole, however little of it each attempt may move", "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  byte_buffer greeting(1);
  REQUIRE(w.finish(receive(guest, greeting)));
  const byte_buffer bytes = made_bytes(3'000'001);
  const unique_descriptor file(::memfd_create("content", MFD_CLOEXEC));
  REQUIRE(::pwrite(file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  byte_buffer got(bytes.size());
  const auto send_it = [&]() -> awaitable<void> {
    std::size_t done = 0;
    std::size_t allowed = 1;
    while (done < bytes.size()) {
      // A limit may allow less for the second attempt than for the one that would have blocked.
      allowed = allowed * 7 % 100'003 + 1;
      const auto put = w.here.send_file(file.get(), done, std::min(allowed, bytes.size() - done));
      REQUIRE(put.bytes <= allowed);
      REQUIRE_FALSE(put.is_over());
      done += put.bytes;
      if (put.would_block) (void)co_await w.here.wait_writable();
    }
  };
  const auto all = [&]() -> awaitable<void> { co_await (send_it() && receive(guest, got)); };
  REQUIRE(w.finish(all()));
  CHECK(got == bytes);
  const auto end = w.here.send_file(file.get(), bytes.size(), 10);
  CHECK((end.is_over() && end.error_number == 0));
}

TEST_CASE("a reader that waits for much gets it, though records arrive in parts", "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  byte_buffer greeting(1);
  REQUIRE(w.finish(receive(guest, greeting)));
  const byte_buffer bytes = made_bytes(1'000'000);
  std::size_t got = 0;
  const auto take = [&]() -> awaitable<void> {
    byte_buffer space(bytes.size());
    while (got < bytes.size()) {
      const auto came = guest.recv_some(std::span(space).subspan(got));
      got += came.bytes;
      if (came.would_block) (void)co_await guest.wait_readable(static_cast<std::uint32_t>(bytes.size() - got));
    }
    CHECK(space == bytes);
  };
  const auto all = [&]() -> awaitable<void> { co_await (send(w.here, bytes) && take()); };
  REQUIRE(w.finish(all()));
}

TEST_CASE("what was read ahead is not waited for", "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  const byte_buffer bytes = made_bytes(1000);
  REQUIRE(w.finish(send(w.here, bytes)));
  byte_buffer got(bytes.size() + 1);
  const auto one_by_one = [&]() -> awaitable<void> {
    for (std::size_t i = 0; i < got.size(); ++i) {
      (void)co_await guest.wait_readable();
      const auto came = guest.recv_some(std::span(got).subspan(i, 1));
      if (came.would_block) --i;
    }
  };
  REQUIRE(w.finish(one_by_one()));
  CHECK(std::equal(bytes.begin(), bytes.end(), got.begin() + 1));
}

TEST_CASE("the end of a connection is the end of what TLS reads", "[tls_connection]") {
  for (const bool at_once : {false, true}) {
    private_nodes w;
    stream& guest = w.connect();
    byte_buffer greeting(1);
    REQUIRE(w.finish(receive(guest, greeting)));
    at_once ? w.here.close() : w.here.shutdown_send();
    const auto readable = [&]() -> awaitable<void> { (void)co_await guest.wait_readable(); };
    std::array<std::uint8_t, 8> space{};
    stream::attempt last{.would_block = true};
    while (last.would_block) {
      REQUIRE(w.finish(readable()));
      last = guest.recv_some(space);
    }
    CHECK(last.is_over());
    guest.close();
    CHECK(guest.recv_some(space).is_over());
  }
}

TEST_CASE("a file that is not sent because the other side has left is not taken for one that ended",
          "[tls_connection]") {
  private_nodes w;
  stream& guest = w.connect();
  byte_buffer space(1);
  REQUIRE(w.finish(receive(guest, space)));
  const unique_descriptor file(::memfd_create("content", MFD_CLOEXEC));
  REQUIRE(::ftruncate(file.get(), 64 << 20) == 0);
  guest.shutdown_send();
  const auto until_the_end = [&]() -> awaitable<void> {
    while (w.here.recv_some(space).would_block) (void)co_await w.here.wait_readable();
  };
  REQUIRE(w.finish(until_the_end()));
  guest.reset();
  stream::attempt put{.would_block = true};
  const auto until_it_breaks = [&]() -> awaitable<void> {
    while (!put.is_over()) {
      put = w.here.send_file(file.get(), 0, 1 << 20);
      if (put.would_block) (void)co_await w.here.wait_writable();
    }
  };
  REQUIRE(w.finish(until_it_breaks()));
  CHECK(put.error_number != 0);
}

TEST_CASE("a WebSocket runs over TLS", "[tls_connection]") {
  private_nodes w;
  REQUIRE(w.dial().has_value());
  websocket::stream<stream> client(std::move(w.here));
  const std::string text(300'000, 'a');
  std::string heard;
  const auto talk = [&]() -> awaitable<void> {
    const auto shaken = co_await client.async_handshake("here", "/", use_tuple);
    CHECK_FALSE(std::get<0>(shaken));
    const auto written = co_await client.async_write(asio::buffer(text), use_tuple);
    CHECK_FALSE(std::get<0>(written));
  };
  const auto listen = [&]() -> awaitable<void> {
    while (w.guests.empty()) co_await asio::post(w.executor(), asio::use_awaitable);
    websocket::stream<stream> server(std::move(w.guests.back()));
    const auto accepted = co_await server.async_accept(use_tuple);
    CHECK_FALSE(std::get<0>(accepted));
    boost::beast::flat_buffer inbox;
    const auto read = co_await server.async_read(inbox, use_tuple);
    CHECK_FALSE(std::get<0>(read));
    heard.assign(static_cast<const char*>(inbox.cdata().data()), inbox.size());
  };
  const auto all = [&]() -> awaitable<void> { co_await (talk() && listen()); };
  REQUIRE(w.finish(all()));
  CHECK(heard == text);
  CHECK(w.first == std::vector<std::uint8_t>{'G'});
}

TEST_CASE("garbage in place of a handshake harms nobody", "[tls_connection]") {
  private_nodes w;
  for (const std::string& garbage : {std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(600, '\xff'),
                                     std::string(70'000, '\x16'), std::string("\x16")}) {
    tcp::socket socket(w.executor());
    socket.connect(w.there.local());
    error_code ignored;
    asio::write(socket, asio::buffer(garbage), ignored);
  }
  CHECK(w.connect().key() == w.key.id());
  CHECK(w.guests.size() == 1);
}
