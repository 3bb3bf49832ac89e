// A tracker and peers of it in one process, on the loopback.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "directory/tracking_pack.hpp"
#include "net/listener.hpp"
#include "peer/discovery/tracker_client.hpp"
#include "tests/net/world.hpp"
#include "tracker/tracker_node.hpp"

namespace shoal::testing {

inline share_id share(std::uint8_t n) {
  share_id id;
  id.bytes.fill(0x5a);
  id.bytes[31] = n;
  return id;
}
inline peer_id peer(std::uint8_t n) {
  peer_id id;
  id.bytes[19] = n;
  return id;
}
inline tracking::share_offer offer(std::uint8_t n, std::uint64_t have = 1000) {
  tracking::share_offer one;
  one.id = share(n);
  one.name = "share" + std::to_string(n);
  one.bytes = 1000;
  one.files = 1;
  one.have = have;
  return one;
}
inline tcp::endpoint loopback(std::uint16_t port = 0) {
  return {asio::ip::address_v4::loopback(), port};
}

/// A peer as the tracker sees it: a client with a catalogue, and a port that can be connected to.
class test_peer final : public tracker_observer {
 public:
  test_peer(world& w, std::uint8_t n, tcp::endpoint tracker, tcp::endpoint home = loopback())
      : world_(w),
        port_(
            w.executor(), keys_, [](stream, std::uint8_t) {}, [](stream, std::uint8_t) {}),
        client_(
            w.executor(), keys_, 0, host_port{tracker.address().to_string(), tracker.port()}, [this] { return join_; },
            rows_, *this) {
    SHOAL_ASSERT(port_.open(home).has_value());
    join_.peer = peer(n);
    join_.name = "host" + std::to_string(n);
    join_.port = port_.local().port();
    join_.version = "1";
  }
  void start() {
    world_.tasks.spawn("port", port_.run());
    world_.tasks.spawn("client", client_.run());
  }
  void stop() {
    client_.stop();
    port_.stop();
  }

  tracking::join& join() { return join_; }
  tracker_client& client() { return client_; }
  catalogue& rows() { return rows_; }
  bool connected() const { return client_.state().connected; }
  bool sees(std::uint8_t n) const { return rows_.peer(peer(n)) != nullptr; }
  std::set<peer_id> swarm(std::uint8_t n) { return swarms_[share(n)]; }

  int connects = 0;
  int disconnects = 0;
  int rows_told = 0;
  std::vector<tracking::wanted> wanted_by;
  std::string reason;

 private:
  void on_connected(std::size_t, const tracking::welcome&) override {
    ++connects;
    swarms_.clear();
  }
  void on_rows(std::size_t) override { ++rows_told; }
  void on_swarm(std::size_t, const tracking::swarm& change) override {
    auto& known = swarms_[change.id];
    for (const auto& id : change.left) known.erase(id);
    for (const auto& row : change.joined) known.insert(row.peer);
  }
  void on_wanted(std::size_t, const tracking::wanted& call) override { wanted_by.push_back(call); }
  void on_disconnected(std::size_t, const std::string& why) override {
    ++disconnects;
    reason = why;
  }

  world& world_;
  const swarm_keys keys_;  ///< an open swarm
  listener port_;
  tracking::join join_;
  catalogue rows_;
  tracker_client client_;
  std::map<share_id, std::set<peer_id>> swarms_;
};

/// A WebSocket client without manners: says what it is told and reads only when asked to.
class raw_client {
 public:
  explicit raw_client(world& w) : world_(w), stream_(w.executor()), beat_timer_(w.executor()) {}

  /// The kernel takes as little as it can before this client reads. To be called before open().
  void set_narrow() {
    stream_.next_layer().open(tcp::v4());
    stream_.next_layer().set_option(asio::socket_base::receive_buffer_size(1));
  }
  /// False if the tracker does not let it in.
  bool open(tcp::endpoint tracker) {
    bool upgraded = false;
    return world_.finish(handshake(tracker, upgraded)) && upgraded;
  }
  bool say(const tracking::peer_message& message) { return say_text(tracking::encode(message)); }
  bool say_text(std::string text) {
    bool sent = false;
    return world_.finish(write(std::move(text), sent)) && sent;
  }
  /// Reads in the background.
  void hear() { world_.tasks.spawn("raw client", read()); }
  /// The same, and shows that it lives.
  void listen() {
    hear();
    show_life();
  }
  void show_life() { world_.tasks.spawn("raw client's heart", beat()); }
  void close() {
    error_code ignored;
    stream_.next_layer().close(ignored);
    beat_timer_.cancel();
  }
  bool ended() const { return ended_; }
  /// Messages that came packed.
  std::size_t packed_count() const { return packed_count_; }
  template <class Message>
  std::ptrdiff_t count() const {
    return std::ranges::count_if(heard_, [](const auto& one) { return std::holds_alternative<Message>(one); });
  }
  template <class Message>
  std::optional<Message> heard() const {
    for (const auto& message : heard_) {
      if (const auto* found = std::get_if<Message>(&message)) return *found;
    }
    return std::nullopt;
  }

 private:
  awaitable<void> handshake(tcp::endpoint tracker, bool& upgraded) {
    auto connected = co_await stream_.next_layer().async_connect(tracker, use_tuple);
    if (std::get<0>(connected)) co_return;
    auto answered = co_await stream_.async_handshake("tracker", "/live", use_tuple);
    upgraded = !std::get<0>(answered);
  }
  awaitable<void> write(std::string text, bool& sent) {
    const auto bytes = asio::buffer(text);
    auto wrote = co_await stream_.async_write(bytes, use_tuple);
    sent = !std::get<0>(wrote);
  }
  awaitable<void> read() {
    boost::beast::flat_buffer inbox;
    while (true) {
      auto got = co_await stream_.async_read(inbox, use_tuple);
      if (std::get<0>(got)) break;
      std::string text(static_cast<const char*>(inbox.cdata().data()), inbox.size());
      if (stream_.got_binary()) {
        text = *tracking::unpack(text);
        ++packed_count_;
      }
      auto message = tracking::decode_tracker_message(text);
      if (message) heard_.push_back(std::move(*message));
      inbox.consume(inbox.size());
    }
    ended_ = true;
    beat_timer_.cancel();
  }
  awaitable<void> beat() {
    while (stream_.next_layer().is_open() && !ended_) {
      const boost::beast::websocket::ping_data nothing;
      (void)co_await stream_.async_pong(nothing, use_tuple);
      beat_timer_.expires_after(std::chrono::milliseconds(50));
      if (stream_.next_layer().is_open() && !ended_) (void)co_await beat_timer_.async_wait(use_tuple);
    }
  }

  world& world_;
  boost::beast::websocket::stream<tcp::socket> stream_;
  asio::steady_timer beat_timer_;
  std::vector<tracking::tracker_message> heard_;
  std::size_t packed_count_ = 0;
  bool ended_ = false;
};

/// A running tracker; a test adds peers and asks the world for conditions.
class swarm_world : public world {
 public:
  static tracker_options quick() {
    tracker_options options;
    options.listen = {loopback()};
    options.session.heartbeat = std::chrono::milliseconds(100);
    return options;
  }

  explicit swarm_world(tracker_options options = quick()) { start_tracker(std::move(options)); }
  ~swarm_world() {
    for (const auto& one : raw_) one->close();
    for (const auto& one : peers_) one->stop();
    tracker_->stop();
    SHOAL_ASSERT(drain());
  }

  void start_tracker(tracker_options options) {
    tracker_ = std::make_unique<tracker_node>(executor(), std::move(options));
    const auto opened = tracker_->open();
    SHOAL_ASSERT(opened.has_value());
    tasks.spawn("tracker", tracker_->run());
  }
  /// False if it does not end.
  bool stop_tracker() {
    const std::size_t before = tasks.size();
    tracker_->stop();
    return until([&] { return tasks.size() < before; });
  }

  tracker_node& tracker() { return *tracker_; }
  tcp::endpoint where() const { return tracker_->local().front(); }

  /// Not started yet.
  test_peer& add_peer(std::uint8_t n) { return add_peer(n, where(), loopback()); }
  test_peer& add_peer(std::uint8_t n, tcp::endpoint tracker, tcp::endpoint home) {
    return *peers_.emplace_back(std::make_unique<test_peer>(*this, n, tracker, home));
  }
  raw_client& add_raw() { return *raw_.emplace_back(std::make_unique<raw_client>(*this)); }

 private:
  std::unique_ptr<tracker_node> tracker_;
  std::vector<std::unique_ptr<test_peer>> peers_;
  std::vector<std::unique_ptr<raw_client>> raw_;
};

}  // namespace shoal::testing
