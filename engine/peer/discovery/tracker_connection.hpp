// One WebSocket connection to a tracker, from connecting to its end. tracker_client makes a new one each time.
//
// Sends the join message, then whatever the announcements have not told yet. Decodes messages while they come, and
// hands them over. In each heartbeat it shows the tracker that this peer lives. If the tracker must show the same, it
// sends a ping. Otherwise it sends an unsolicited pong (RFC 6455 section 5.5.3). It says when a ping is not answered,
// and ends itself some heartbeats later. close() is the only end. Used by tracker_client alone, on its context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "directory/announcements.hpp"
#include "directory/frame_overhead.hpp"
#include "directory/listening_rate.hpp"
#include "directory/tracking_pack.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/swarm_keys.hpp"
#include "peer/discovery/tracker_connection_reader.hpp"

namespace shoal {

class tracker_connection final : private read_observer {
 public:
  /// `keys`, `unsaid` and `reader` outlive the connection.
  tracker_connection(asio::any_io_executor executor, const swarm_keys& keys, tracking::join join, announcements& unsaid,
                     tracker_connection_reader& reader);
  tracker_connection(const tracker_connection&) = delete;
  tracker_connection& operator=(const tracker_connection&) = delete;

  /// Connects and upgrades, each within `timeout`. `host` is the Host header and the name in errors. errc::permission:
  /// the tracker's swarm is private, and has another key or this peer has none.
  awaitable<result<void>> open(tcp::endpoint where, std::string host, duration timeout);
  /// Serves until close(). Called after open().
  awaitable<void> run();
  /// Idempotent; the first reason counts.
  void close(std::string reason);
  /// Sends `leave` next; the tracker then closes. False if there is no session yet.
  bool leave();
  /// The announcements have something to tell.
  void announce() { ready_.set(); }
  /// This machine's address of the connection; unspecified if it is not open.
  asio::ip::address local_address() const;
  /// The key that both sides have proven; nothing in an open swarm.
  const std::optional<key_id>& key() const { return stream_.next_layer().key(); }
  /// Why it ended, one line.
  const std::string& reason() const { return reason_; }
  /// When the tracker gave its last sign of life; the epoch if there was none.
  std::chrono::system_clock::time_point last_heard() const { return last_heard_; }

 private:
  awaitable<result<void>> upgrade(duration timeout);
  awaitable<void> read_loop();
  awaitable<void> write_loop();
  awaitable<void> watchdog();
  awaitable<void> write(std::string text);
  awaitable<void> beat();
  void on_written(error_code ec);
  void on_bytes_read(std::size_t bytes) override;
  void close_for_overhead();
  void heard();
  /// Takes the part of a message that is in the inbox. Long messages are decoded in turns with all else on this thread.
  awaitable<void> take_inbox();
  awaitable<void> take_text(std::string_view text);
  void on_message(tracking::tracker_message message);
  void refuse(const error& nonsense);
  /// Reads nothing for a while, if the tracker says too much.
  awaitable<void> keep_budget(std::size_t messages, std::size_t bytes);

  const swarm_keys& keys_;
  tracking::join join_;
  announcements& unsaid_;
  tracker_connection_reader& reader_;
  boost::beast::websocket::stream<stream> stream_;
  asio::steady_timer open_timer_;
  asio::steady_timer watchdog_timer_;
  boost::beast::flat_buffer inbox_;
  /// Of the message that is coming; `unpacker` if it is packed.
  struct arriving {
    std::optional<tracking::unpacker> unpacker;
    tracking::tracker_message_decoder decoder;
  };
  std::unique_ptr<arriving> arriving_;
  listening_rate budget_;
  frame_overhead overhead_;
  time_point turn_ends_{};  ///< then others on this thread are let go on
  event ready_;
  std::string host_;
  std::string failure_;  ///< the last failure that the tracker sent
  std::string reason_;
  std::chrono::system_clock::time_point last_heard_;
  duration heartbeat_{};  ///< zero before the welcome
  time_point beat_at_ = never;
  time_point ask_at_ = never;   ///< from then on a beat is a ping
  time_point mute_at_ = never;  ///< by then a ping must be answered
  time_point deadline_ = never;
  bool beat_due_ = false;
  bool mute_ = false;
  bool open_ = false;
  bool resync_wanted_ = false;
  bool resync_asked_ = false;
  bool leaving_ = false;
  bool closed_ = false;
};

}  // namespace shoal
