// A download whose one source fails at every step of what it says: it always ends complete and right, from the other.

#include "peer/share/download.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <list>

#include "net/endpoint.hpp"
#include "tests/net/nodes.hpp"
#include "tests/net/world.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace shoal::testing {

namespace {

constexpr std::uint64_t content_bytes = 300'000;

enum class ending { closes, sends_garbage, falls_silent, sends_wrong_data };

/// A seeder made by hand: says the first `messages` messages of what a seeder would say, then ends as told.
class scripted_seeder {
 public:
  scripted_seeder(world& w, metainfo_ptr info, byte_buffer content, std::size_t messages, ending how)
      : world_(w),
        acceptor_(w.executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        info_(std::move(info)),
        content_(std::move(content)),
        messages_(messages),
        ending_(how) {
    world_.tasks.spawn("scripted seeder", accept());
  }

  std::string address() const { return to_text(acceptor_.local_endpoint()); }

  void stop() {
    error_code ignored;
    stopped_ = true;
    acceptor_.close(ignored);
    for (auto& socket : sockets_) socket.close(ignored);
  }

 private:
  awaitable<void> accept() {
    while (!stopped_) {
      auto accepted = co_await acceptor_.async_accept(use_tuple);
      if (std::get<0>(accepted)) co_return;
      const auto socket = sockets_.insert(sockets_.end(), std::move(std::get<1>(accepted)));
      world_.tasks.spawn("scripted session", serve(*socket));
    }
  }

  awaitable<bool> say(tcp::socket& socket, byte_buffer bytes, std::size_t& left) {
    if (left == 0) {
      if (ending_ == ending::falls_silent) co_return true;
      if (ending_ == ending::sends_garbage) {
        const byte_buffer garbage(5000, 0xa5);
        (void)co_await asio::async_write(socket, asio::buffer(garbage), use_tuple);
      }
      error_code ignored;
      socket.close(ignored);
      co_return false;
    }
    --left;
    const auto sent = co_await asio::async_write(socket, asio::buffer(bytes), use_tuple);
    co_return !std::get<0>(sent);
  }

  awaitable<void> serve(tcp::socket& socket) {
    std::size_t left = messages_;
    byte_buffer theirs(wire::handshake_bytes);
    const auto greeted = co_await asio::async_read(socket, asio::buffer(theirs), use_tuple);
    if (std::get<0>(greeted)) co_return;
    wire::handshake ours;
    ours.share = wire::truncate(info_->id());
    ours.peer.bytes.fill(7);
    wire::extension_handshake hello;
    hello.ut_metadata = wire::ut_metadata_id;
    hello.metadata_bytes = static_cast<std::uint32_t>(info_->info().size());
    const wire::message greetings[] = {wire::extended{0, wire::encode(hello)}, wire::have_all{}, wire::unchoke{}};
    bool open = co_await say(socket, wire::encode(ours), left);
    for (const wire::message& greeting : greetings) {
      byte_buffer bytes;
      wire::encode(greeting, bytes);
      if (open) open = co_await say(socket, std::move(bytes), left);
    }
    wire::frame_reader reader;
    while (open && !stopped_) {
      auto next = reader.try_next();
      if (!next) co_return;
      if (const auto* message = std::get_if<wire::message>(&*next)) {
        byte_buffer bytes = answer(*message);
        if (!bytes.empty()) open = co_await say(socket, std::move(bytes), left);
        continue;
      }
      auto space = reader.free_space();
      const auto got = co_await socket.async_read_some(asio::buffer(space.data(), space.size()), use_tuple);
      if (std::get<0>(got)) co_return;
      reader.commit(std::get<1>(got));
    }
  }

  byte_buffer answer(const wire::message& message) const {
    byte_buffer bytes;
    if (const auto* request = std::get_if<wire::request>(&message)) {
      const auto begin = info_->shape().locate(request->range.piece, request->range.begin).offset;
      wire::encode_piece_header(request->range, bytes);
      bytes.insert(bytes.end(), content_.begin() + static_cast<std::ptrdiff_t>(begin),
                   content_.begin() + static_cast<std::ptrdiff_t>(begin + request->range.bytes));
      if (ending_ == ending::sends_wrong_data) bytes.back() = static_cast<std::uint8_t>(~bytes.back());
    } else if (const auto* extended = std::get_if<wire::extended>(&message); extended && extended->id != 0) {
      const auto asked = wire::decode_metadata_message(extended->payload);
      if (!asked) return bytes;
      wire::metadata_message data;
      data.type = wire::metadata_message::kind::data;
      data.piece = asked->piece;
      data.total_bytes = static_cast<std::uint32_t>(info_->info().size());
      data.data.assign(info_->info().begin(), info_->info().end());
      wire::encode(wire::extended{wire::ut_metadata_id, wire::encode(data)}, bytes);
    } else if (const auto* hashes = std::get_if<wire::hash_request>(&message)) {
      wire::encode(wire::hash_reject{hashes->range}, bytes);
    }
    return bytes;
  }

  world& world_;
  tcp::acceptor acceptor_;
  metainfo_ptr info_;
  byte_buffer content_;
  std::size_t messages_;
  ending ending_;
  std::list<tcp::socket> sockets_;
  bool stopped_ = false;
};

/// A seeder with the content, and a peer that downloads it from the scripted seeder and, later, from the real one.
void download_despite(std::size_t messages, ending how) {
  INFO("the scripted seeder says " << messages << " messages");
  const test::temporary_directory home;
  const test::temporary_directory target;
  const byte_buffer content = make_content(content_bytes);
  write_file(home.path().string() + "/content", content);
  world w;
  peer_node seeder(w.context, options_in(home.path().string()));
  peer_node leecher(w.context, options_in(target.path().string()));
  REQUIRE(seeder.open().has_value());
  REQUIRE(leecher.open().has_value());
  w.tasks.spawn("seeder", seeder.run());
  w.tasks.spawn("leecher", leecher.run());
  std::shared_ptr<share> original;
  REQUIRE(w.finish(add_file(seeder, home.path().string() + "/content", original)));
  REQUIRE(original != nullptr);
  scripted_seeder scripted(w, original->content().info(), content, messages, how);
  download_request request;
  request.id = original->id();
  request.peers = {scripted.address(), to_text(seeder.local())};
  std::shared_ptr<share> copy;
  REQUIRE(w.finish(begin_download(leecher, std::move(request), copy)));
  REQUIRE(copy != nullptr);
  CHECK(w.until([&] { return copy->content().complete(); }));
  CHECK(read_file(target.path().string() + "/content") == content);
  scripted.stop();
  seeder.stop();
  leecher.stop();
  CHECK(w.drain());
}

}  // namespace

TEST_CASE("a download survives a source that closes at any step") {
  for (std::size_t messages = 0; messages < 12; ++messages) download_despite(messages, ending::closes);
}

TEST_CASE("a download survives a source that turns to garbage at any step") {
  for (std::size_t messages = 0; messages < 12; ++messages) download_despite(messages, ending::sends_garbage);
}

TEST_CASE("a download survives a source that falls silent at any step") {
  for (std::size_t messages = 1; messages < 12; ++messages) download_despite(messages, ending::falls_silent);
}

TEST_CASE("a download survives a source that lies") {
  download_despite(1000, ending::sends_wrong_data);
}

}  // namespace shoal::testing
