#include "net/stream.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "core/descriptor.hpp"
#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;
using namespace boost::asio::experimental::awaitable_operators;

namespace {

namespace websocket = boost::beast::websocket;

struct pair_of_streams : world {
  stream here{executor()};
  stream there{executor()};

  pair_of_streams() {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    REQUIRE(finish(connect(acceptor.local_endpoint())));
    there = stream(acceptor.accept());
  }
  awaitable<void> connect(tcp::endpoint where) {
    const error_code ec = co_await here.connect(where, patience);
    CHECK_FALSE(ec);
  }
};

byte_buffer made_bytes(std::size_t count) {
  byte_buffer bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

awaitable<void> send(stream& to, byte_view bytes) {
  const error_code ec = co_await to.send_all(bytes);
  CHECK_FALSE(ec);
}

awaitable<void> receive(stream& from, byte_buffer& into) {
  const error_code ec = co_await from.receive_all(into);
  CHECK_FALSE(ec);
}

}  // namespace

TEST_CASE("an attempt never waits, and says what it came to", "[stream]") {
  pair_of_streams w;
  std::array<std::uint8_t, 8> space{};
  CHECK(w.there.recv_some(space).would_block);
  REQUIRE(w.here.send_some(made_bytes(3)).bytes == 3);
  const auto readable = [&]() -> awaitable<void> { (void)co_await w.there.wait_readable(); };
  REQUIRE(w.finish(readable()));
  CHECK(w.there.recv_some(space).bytes == 3);
  w.here.shutdown_send();
  REQUIRE(w.finish(readable()));
  const auto last = w.there.recv_some(space);
  CHECK(last.is_over());
  CHECK(last.why() == asio::error::eof);
  w.there.close();
  const auto closed = w.there.recv_some(space);
  CHECK(closed.is_over());
  CHECK(closed.why() != asio::error::eof);
  CHECK_FALSE(w.there.remote());
}

TEST_CASE("more than the kernel holds goes through whole", "[stream]") {
  pair_of_streams w;
  const byte_buffer bytes = made_bytes(20'000'000);
  byte_buffer got(bytes.size());
  w.tasks.spawn("send", send(w.here, bytes));
  REQUIRE(w.finish(receive(w.there, got)));
  CHECK(got == bytes);
}

TEST_CASE("a file is sent from where it is asked for, and its end is told from a broken connection", "[stream]") {
  pair_of_streams w;
  const byte_buffer bytes = made_bytes(5000);
  const unique_descriptor file(::memfd_create("content", 0));
  REQUIRE(::write(file.get(), bytes.data(), bytes.size()) == 5000);
  CHECK(w.here.send_file(file.get(), 1000, 4000).bytes == 4000);
  byte_buffer got(4000);
  REQUIRE(w.finish(receive(w.there, got)));
  CHECK(std::ranges::equal(got, std::span(bytes).subspan(1000)));
  const auto beyond = w.here.send_file(file.get(), 5000, 100);
  CHECK(beyond.is_over());
  CHECK(beyond.error_number == 0);
  w.here.close();
  CHECK(w.here.send_file(file.get(), 0, 100).error_number != 0);
}

TEST_CASE("a wait for many bytes is not woken by few", "[stream]") {
  pair_of_streams w;
  bool waits = false;
  bool woken = false;
  const auto wait = [&]() -> awaitable<void> {
    waits = true;
    (void)co_await w.there.wait_readable(1000);
    woken = true;
  };
  w.tasks.spawn("wait", wait());
  REQUIRE(w.until([&] { return waits; }));
  REQUIRE(w.here.send_some(made_bytes(400)).bytes == 400);
  CHECK_FALSE(w.until([&] { return woken; }, std::chrono::milliseconds(50)));
  REQUIRE(w.here.send_some(made_bytes(600)).bytes == 600);
  CHECK(w.until([&] { return woken; }));
}

TEST_CASE("the next byte is seen and stays", "[stream]") {
  pair_of_streams w;
  std::optional<std::uint8_t> seen;
  const auto look = [&]() -> awaitable<void> { seen = co_await w.there.peek(); };
  w.tasks.spawn("look", look());
  REQUIRE(w.here.send_some(std::array<std::uint8_t, 2>{5, 6}).bytes == 2);
  REQUIRE(w.until([&] { return seen.has_value(); }));
  CHECK(seen == 5);
  byte_buffer got(2);
  REQUIRE(w.finish(receive(w.there, got)));
  CHECK(got == byte_buffer{5, 6});
  w.here.close();
  REQUIRE(w.finish(look()));
  CHECK_FALSE(seen);
}

TEST_CASE("closing ends each wait, and so does a deadline beside it", "[stream]") {
  pair_of_streams w;
  int ended = 0;
  byte_buffer space(10);
  const auto read = [&]() -> awaitable<void> {
    const error_code ec = co_await w.there.receive_all(space);
    CHECK(ec);
    ++ended;
  };
  const auto give_up = [&]() -> awaitable<void> {
    asio::steady_timer timer(w.executor(), std::chrono::milliseconds(1));
    auto first = co_await (w.here.receive_all(space) || timer.async_wait(use_tuple));
    CHECK(first.index() == 1);
    ++ended;
  };
  w.tasks.spawn("read", read());
  w.tasks.spawn("give up", give_up());
  REQUIRE(w.until([&] { return ended == 1; }));
  w.there.close();
  CHECK(w.until([&] { return ended == 2; }));
}

TEST_CASE("what is reset drops what it holds and tells the other side", "[stream]") {
  pair_of_streams w;
  w.here.reset();
  const auto readable = [&]() -> awaitable<void> { (void)co_await w.there.wait_readable(); };
  REQUIRE(w.finish(readable()));
  std::array<std::uint8_t, 8> space{};
  CHECK(w.there.recv_some(space).why() == asio::error::connection_reset);
}

TEST_CASE("a connection that is refused or not answered is an error", "[stream]") {
  world w;
  stream subject(w.executor());
  tcp::acceptor closed(w.context, {asio::ip::address_v4::loopback(), 0});
  const auto where = closed.local_endpoint();
  closed.close();
  error_code ec;
  const auto dial = [&]() -> awaitable<void> { ec = co_await subject.connect(where, patience); };
  REQUIRE(w.finish(dial()));
  CHECK(ec == asio::error::connection_refused);
}

TEST_CASE("a WebSocket runs over it, with large messages and an orderly end", "[stream]") {
  pair_of_streams w;
  websocket::stream<stream> server(std::move(w.there));
  websocket::stream<stream, false> client(std::move(w.here));
  const std::string large(3'000'000, 'x');
  std::string got;
  bool said = false;
  const auto serve = [&]() -> awaitable<void> {
    const auto [ec] = co_await server.async_accept(use_tuple);
    CHECK_FALSE(ec);
    boost::beast::flat_buffer inbox;
    const auto [failed, bytes] = co_await server.async_read(inbox, use_tuple);
    CHECK_FALSE(failed);
    got.assign(static_cast<const char*>(inbox.cdata().data()), inbox.size());
    const auto [closed] = co_await server.async_close(websocket::close_code::normal, use_tuple);
    CHECK_FALSE(closed);
  };
  const auto say = [&]() -> awaitable<void> {
    const auto [ec] = co_await client.async_handshake("host", "/", use_tuple);
    CHECK_FALSE(ec);
    const auto [failed, bytes] = co_await client.async_write(asio::buffer(large), use_tuple);
    CHECK_FALSE(failed);
    boost::beast::flat_buffer inbox;
    const auto [end, nothing] = co_await client.async_read(inbox, use_tuple);
    CHECK(end == websocket::error::closed);
    client.next_layer().close();
    said = true;
  };
  w.tasks.spawn("say", say());
  REQUIRE(w.finish(serve()));
  CHECK(w.until([&] { return said; }));
  CHECK(got == large);
}
