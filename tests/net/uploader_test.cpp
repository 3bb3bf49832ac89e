// A seeder whose leecher fails at every step: after each message that the leecher sends, and after each part that it
// receives, so that each write of the seeder fails once. The seeder always forgets it and serves the next leecher.

#include "peer/session/uploader.hpp"

#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <vector>

#include "net/endpoint.hpp"
#include "tests/net/nodes.hpp"
#include "tests/net/world.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace shoal::testing {

namespace {

constexpr std::uint64_t content_bytes = 300'000;

enum class ending { closes, resets, sends_garbage, falls_silent };

/// What a leecher does before it ends in its way.
struct plan {
  std::size_t messages = 0;            ///< it sends so many of its messages
  std::size_t bytes = ~std::size_t{};  ///< it receives so many bytes at most
  ending how = ending::closes;
};

/// A leecher made by hand: asks for everything that can be asked for.
class scripted_leecher {
 public:
  scripted_leecher(world& w, const metainfo& info, plan what)
      : world_(w), socket_(w.executor()), messages_(messages_of(info)), plan_(what) {}

  void start(tcp::endpoint seeder) { world_.tasks.spawn("scripted leecher", run(seeder)); }
  void stop() {
    error_code ignored;
    socket_.close(ignored);
  }
  /// It did what was planned; silent ones are connected still.
  bool ended() const { return ended_; }
  std::size_t received() const { return received_; }

  /// The handshake and what follows, one message each.
  static std::vector<byte_buffer> messages_of(const metainfo& info) {
    wire::handshake greeting;
    greeting.share = wire::truncate(info.id());
    greeting.peer.bytes.fill(9);
    wire::extension_handshake hello;
    hello.shoal = wire::shoal_id;
    hello.ut_metadata = wire::ut_metadata_id;
    wire::metadata_message metadata;
    metadata.type = wire::metadata_message::kind::request;
    const auto piece_bytes = static_cast<std::uint32_t>(info.shape().piece_bytes());
    hash_range leaves;
    leaves.root = info.files().front().root;
    leaves.count = 2;
    const byte_range first{piece_index{0}, 0, piece_bytes};
    const byte_range second{piece_index{1}, 0, block_bytes};
    const wire::message said[] = {
        wire::extended{0, wire::encode(hello)},
        wire::have_none{},
        wire::extended{wire::ut_metadata_id, wire::encode(metadata)},
        wire::interested{},
        wire::request{first},
        wire::request{second},
        wire::cancel{second},
        wire::hash_request{leaves},
        wire::request{{piece_index{2}, 0, block_bytes}},
        wire::have{piece_index{0}},
        wire::not_interested{},
    };
    std::vector<byte_buffer> messages{wire::encode(greeting)};
    for (const wire::message& one : said) wire::encode(one, messages.emplace_back());
    return messages;
  }

 private:
  awaitable<void> run(tcp::endpoint seeder) {
    const auto connected = co_await socket_.async_connect(seeder, use_tuple);
    bool open = !std::get<0>(connected);
    for (std::size_t at = 0; open && at < std::min(plan_.messages, messages_.size()); ++at) {
      const auto sent = co_await asio::async_write(socket_, asio::buffer(messages_[at]), use_tuple);
      open = !std::get<0>(sent);
    }
    byte_buffer into(64 * 1024);
    // A leecher that has not greeted hears nothing.
    while (open && plan_.messages > 0 && received_ < plan_.bytes) {
      const std::size_t wanted = std::min(into.size(), plan_.bytes - received_);
      const auto got = co_await socket_.async_read_some(asio::buffer(into.data(), wanted), use_tuple);
      open = !std::get<0>(got);
      received_ += std::get<1>(got);
      if (plan_.bytes == ~std::size_t{}) break;
    }
    co_await end();
    ended_ = true;
  }

  awaitable<void> end() {
    error_code ignored;
    if (plan_.how == ending::falls_silent) co_return;
    if (plan_.how == ending::sends_garbage) {
      const byte_buffer garbage(5000, 0xa5);
      (void)co_await asio::async_write(socket_, asio::buffer(garbage), use_tuple);
    }
    if (plan_.how == ending::resets) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  world& world_;
  tcp::socket socket_;
  std::vector<byte_buffer> messages_;
  plan plan_;
  std::size_t received_ = 0;
  bool ended_ = false;
};

/// A seeder, and a peer that downloads from it after a scripted leecher.
struct uploads {
  uploads() {
    write_file(home.path().string() + "/content", content);
    REQUIRE(seeder.open().has_value());
    w.tasks.spawn("seeder", seeder.run());
    REQUIRE(w.finish(add_file(seeder, home.path().string() + "/content", original)));
    REQUIRE(original != nullptr);
  }

  void serve(const plan& what) {
    INFO("the leecher sends " << what.messages << " messages, receives " << what.bytes << " bytes, and ends as "
                              << static_cast<int>(what.how));
    scripted_leecher leecher(w, *original->content().info(), what);
    leecher.start(seeder.local());
    CHECK(w.until([&] { return leecher.ended(); }));
    // The silent one stays connected and has its place; nobody waits for it.
    download_from_seeder();
    leecher.stop();
    CHECK(w.until([&] { return seeder.context().connections.sessions() == 0; }));
  }

  void download_from_seeder() {
    const test::temporary_directory target;
    peer_node leecher(w.context, options_in(target.path().string()));
    REQUIRE(leecher.open().has_value());
    w.tasks.spawn("leecher", leecher.run());
    download_request request;
    request.id = original->id();
    request.peers = {to_text(seeder.local())};
    std::shared_ptr<share> copy;
    REQUIRE(w.finish(begin_download(leecher, std::move(request), copy)));
    REQUIRE(copy != nullptr);
    CHECK(w.until([&] { return copy->content().complete(); }));
    CHECK(read_file(target.path().string() + "/content") == content);
    copy.reset();
    leecher.stop();
    CHECK(w.until([&] { return w.tasks.size() == 1; }));
  }

  void end() {
    seeder.stop();
    CHECK(w.drain());
  }

  const byte_buffer content = make_content(content_bytes);
  const test::temporary_directory home;
  world w;
  peer_node seeder{w.context, options_in(home.path().string())};
  std::shared_ptr<share> original;
};

}  // namespace

TEST_CASE_METHOD(uploads, "a seeder survives a leecher that ends after any of its messages") {
  const std::size_t all = scripted_leecher::messages_of(*original->content().info()).size();
  const ending how = GENERATE(ending::closes, ending::resets, ending::sends_garbage, ending::falls_silent);
  for (std::size_t messages = 0; messages <= all; ++messages) serve({.messages = messages, .how = how});
  end();
}

TEST_CASE_METHOD(uploads, "a seeder survives a leecher that resets after any part of its answers") {
  // Up to the first payload each byte; then about each segment, and the last answers again each byte.
  const std::size_t all = scripted_leecher::messages_of(*original->content().info()).size();
  std::vector<std::size_t> parts;
  for (std::size_t bytes = 0; bytes < 600; bytes += 13) parts.push_back(bytes);
  for (std::size_t bytes = 600; bytes < 60'000; bytes += 4'001) parts.push_back(bytes);
  for (const std::size_t bytes : parts) serve({.messages = all, .bytes = bytes, .how = ending::resets});
  end();
}

}  // namespace shoal::testing
