// A seeder and leechers made by hand: what they hear of the pieces that others were given, and when.

#include <algorithm>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <list>
#include <utility>

#include "net/endpoint.hpp"
#include "tests/net/nodes.hpp"
#include "tests/net/world.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace shoal::testing {

namespace {

constexpr std::uint64_t content_bytes = 4 * MiB;

/// Asks for a block of a piece that nobody asked for, again and again while it is unchoked, and never says that it has
/// one: what it was given stays taken.
class scripted_leecher {
 public:
  /// `next_piece` is shared by all of a test.
  scripted_leecher(world& w, std::uint8_t n, const share& what, std::uint32_t& next_piece)
      : world_(w),
        socket_(w.executor()),
        n_(n),
        id_(what.id()),
        pieces_(what.content().info()->shape().piece_count()),
        next_piece_(next_piece) {}

  void start(tcp::endpoint seeder) { world_.tasks.spawn("scripted leecher", run(seeder)); }
  void stop() {
    error_code ignored;
    socket_.close(ignored);
  }

  int unchokes = 0;
  int hints_while_choked = 0;  ///< and not directly before the unchoke
  int uninformed_unchokes = 0;

 private:
  awaitable<void> run(tcp::endpoint seeder) {
    const auto connected = co_await socket_.async_connect(seeder, use_tuple);
    if (std::get<0>(connected)) co_return;
    wire::handshake ours;
    ours.share = wire::truncate(id_);
    ours.peer.bytes.fill(n_);
    byte_buffer greeting = wire::encode(ours);
    wire::extension_handshake hello;
    hello.shoal = wire::shoal_id;
    wire::encode(wire::extended{0, wire::encode(hello)}, greeting);
    wire::encode(wire::have_none{}, greeting);
    wire::encode(wire::interested{}, greeting);
    co_await say(std::move(greeting));
    byte_buffer theirs(wire::handshake_bytes);
    const auto greeted = co_await asio::async_read(socket_, asio::buffer(theirs), use_tuple);
    if (std::get<0>(greeted)) co_return;
    wire::frame_reader reader;
    byte_buffer payload(wire::frame_reader::payload_bytes_max);
    while (socket_.is_open()) {
      if (reader.payload_due() > 0 && reader.take_payload(payload) > 0) {
        if (reader.payload_due() == 0) co_await ask();
        continue;
      }
      auto next = reader.payload_due() > 0 ? wire::frame_reader::event{wire::frame_reader::more{}} : *reader.try_next();
      if (const auto* message = std::get_if<wire::message>(&next)) {
        if (hear(*message)) co_await ask();
      } else if (std::holds_alternative<wire::frame_reader::more>(next)) {
        auto space = reader.free_space();
        const auto got = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), use_tuple);
        if (std::get<0>(got)) co_return;
        reader.commit(std::get<1>(got));
      }
    }
  }

  /// Whether to ask for something now.
  bool hear(const wire::message& message) {
    if (const auto* extended = std::get_if<wire::extended>(&message); extended && extended->id == wire::shoal_id) {
      const auto hint = wire::decode_pieces_hint(extended->payload);
      if (!choked_ || hint->taken.empty()) return false;
      if (std::exchange(heard_while_choked_, true)) ++hints_while_choked;
      return false;
    }
    const bool informed = std::exchange(heard_while_choked_, false);
    if (std::holds_alternative<wire::unchoke>(message)) {
      choked_ = false;
      if (++unchokes > 1 && !informed) ++uninformed_unchokes;
      return true;
    }
    if (std::holds_alternative<wire::choke>(message)) choked_ = true;
    if (choked_ && informed) ++hints_while_choked;
    return !choked_ && std::holds_alternative<wire::reject>(message);
  }

  awaitable<void> ask() {
    if (choked_) co_return;
    byte_buffer bytes;
    wire::encode(wire::request{{piece_index{next_piece_++ % pieces_}, 0, block_bytes}}, bytes);
    co_await say(std::move(bytes));
  }

  awaitable<void> say(byte_buffer bytes) { (void)co_await asio::async_write(socket_, asio::buffer(bytes), use_tuple); }

  world& world_;
  tcp::socket socket_;
  std::uint8_t n_;
  share_id id_;
  std::uint32_t pieces_;
  std::uint32_t& next_piece_;
  bool choked_ = true;
  bool heard_while_choked_ = false;
};

// As many trackers would, all at once.
awaitable<void> call_for(share& wanted, std::uint16_t port, int callers) {
  for (int n = 1; n <= callers; ++n) {
    peer_id caller;
    caller.bytes.fill(static_cast<std::uint8_t>(n));
    wanted.peers().on_wanted({"127.0.0.1", port}, caller);
  }
  co_return;
}

/// A seeder of one file.
struct seeder_world {
  seeder_world() {
    const std::string path = home.path().string() + "/content";
    write_file(path, byte_buffer(content_bytes, 'x'));
    REQUIRE(seeder.open().has_value());
    w.tasks.spawn("seeder", seeder.run());
    REQUIRE(w.finish(add_file(seeder, path, original)));
    REQUIRE(original != nullptr);
  }
  const test::temporary_directory home;
  world w;
  peer_node seeder{w.context, options_in(home.path().string())};
  std::shared_ptr<share> original;
};

}  // namespace

TEST_CASE_METHOD(seeder_world,
                 "a leecher hears what others were given when its turn comes, and not while it is choked") {
  std::uint32_t next_piece = 0;
  std::list<scripted_leecher> leechers;
  for (std::uint8_t n = 1; n <= 24; ++n) leechers.emplace_back(w, n, *original, next_piece).start(seeder.local());
  int turns = 0;
  CHECK(w.until([&] {
    turns = 0;
    for (const auto& one : leechers) turns += std::max(0, one.unchokes - 1);
    return turns >= 24;
  }));
  for (const auto& one : leechers) {
    CHECK(one.hints_while_choked == 0);
    CHECK(one.uninformed_unchokes == 0);
  }
  for (auto& one : leechers) one.stop();
  seeder.stop();
  CHECK(w.drain());
}

TEST_CASE_METHOD(seeder_world, "dials to those who want a share stay within the budget of the process") {
  // They take connections and say nothing, so that a dial lasts.
  std::vector<tcp::acceptor> mute;
  for (int i = 0; i < 6; ++i) mute.emplace_back(w.context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  peer_context& context = seeder.context();
  descriptor_budget few = context.budget;
  few.dials = 3;
  context.connections = connection_counts(few);
  // Of the calls to one address one causes a dial.
  REQUIRE(w.finish(call_for(*original, mute.front().local_endpoint().port(), 10)));
  CHECK(context.connections.dials() == 1);
  for (const auto& one : mute) REQUIRE(w.finish(call_for(*original, one.local_endpoint().port(), 10)));
  CHECK(context.connections.dials() == 3);
  seeder.stop();
  CHECK(w.drain());
}

}  // namespace shoal::testing
