// One connection between two peers for one share: reads and writes messages, receives payload, serves requests.
//
// Decides nothing: its listener says what to ask for, session_turns what to serve. A session is three coroutines that
// never throw: read, write, watchdog. close() is the only end: it makes all three return, and then run() returns. Its
// receiver reads, and its uploader serves. remote() is what the peer said of itself, path() the way to it. Knows its
// share only as session_owner, which erases it after run(); on the network thread only. BEP 3, 6, 9, 10, 52.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "net/event.hpp"
#include "net/stream.hpp"
#include "peer/session/end_reason.hpp"
#include "peer/session/flow_meter.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/receiver.hpp"
#include "peer/session/remote_peer.hpp"
#include "peer/session/session_owner.hpp"
#include "peer/session/session_path.hpp"
#include "peer/session/uploader.hpp"
#include "policy/peer_book.hpp"
#include "wire/extension.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// Control bytes that wait to be sent. A peer that makes us answer and does not read is cut off here. Large answers
/// wait as requests, in uploader. The most that is due at once is a have for each piece of a resumed download.
inline constexpr std::size_t outbox_bytes_max = 4 * MiB;

class session final : private receiver_host, private uploader_host, public place_holder {
 public:
  /// `theirs` is the received handshake; ours was sent. `dialled`: the address, if we connected. `answered_in`: the
  /// time from our handshake to theirs, zero if theirs came first.
  session(peer_context& context, session_owner& owner, session_turns& turns, stream connection,
          const wire::handshake& theirs, std::optional<peer_address> dialled, duration answered_in);

  /// Before run(): the listener hears what the peer offers, and may ask it for that.
  void set_listener(session_listener& listener) { listener_ = &listener; }

  /// Returns after close().
  awaitable<void> run();
  /// Ends the session; nothing else does. Idempotent. `detail` is for the log.
  void close(end_reason why, std::string_view detail = {}) override;
  bool closed() const override { return closed_; }
  std::optional<time_point> last_use() const override { return path_.last_use(); }
  void give_way() override { close(end_reason::gave_way); }
  /// Says `last_words` to a peer that knows our extension. Closes with `why` when the peer has read them, or soon
  /// after. The session says and hears nothing else any more.
  bool dismiss(end_reason why, const wire::pieces_hint& last_words);
  end_reason reason() const { return end_reason_; }

  /// Queues a message; never blocks.
  void send(const wire::message& message) override;
  /// Sends the extension handshake, at the beginning and when there is something new to say (BEP 10).
  void say_extensions();
  /// Says choke or unchoke (BEP 3). If the peer knows BEP 6, requests from before a choke are still served, but no more
  /// than belong to one turn.
  void set_choked(bool choked);
  /// Says BEP 3 interest, only when it changes.
  void set_interested(bool interested);
  /// This peer verified a piece. The first one is told at once, and what comes within the interval together.
  void announce(piece_index piece, duration interval);
  /// Another leecher was given the piece, or will not have it after all. The writer tells it as soon as it can.
  void hint(piece_index piece, bool taken);
  /// The share's metadata became known. What the peer said about its pieces can now be read. Closes on nonsense.
  void on_shape_known();
  /// The limits of the share or of the process have changed.
  void on_limits() { receiver_.on_limits(); }

  /// The way to the peer.
  const session_path& path() const { return path_; }
  /// What the peer said of itself.
  const remote_peer& remote() const override { return remote_; }
  /// Payload that this side sends.
  const flow_meter& sent() const { return sent_; }
  /// Payload that comes. What came twice counts twice.
  const flow_meter& received() const { return received_; }
  /// The other side's address, for display. With its listening port, if it told one.
  std::string address() const;
  /// The key of the private swarm that both sides have proven; nothing in an open swarm.
  const std::optional<key_id>& key() const { return stream_.key(); }
  /// Where the peer says that it can be dialled.
  std::optional<peer_address> listens_at() const;
  /// Nothing gets through to a peer that owes something: the peer is silent, and does not acknowledge what it is sent.
  /// To find out, this method sends a keep-alive. So call it again and again.
  bool path_lost(time_point now);

 private:
  awaitable<void> read_loop();
  awaitable<void> write_loop();
  awaitable<void> watchdog();
  awaitable<bool> write_all(byte_view bytes);
  /// Waits until the peer may make work again.
  awaitable<void> wait_for_credit();
  awaitable<void> rest_until(time_point when);
  /// When the first waiting request can be paid for. A reader that waits for credit comes first.
  time_point payable_at(time_point now);

  awaitable<void> on_small_segments(std::int64_t count) override;
  void on_path_back() override { share_.on_path_back(*this); }
  void wake() override { work_.set(); }
  bool may_serve(const byte_range& range) override { return turns_.may_serve(*this, range); }
  void on_served(std::uint32_t bytes) override { turns_.on_sent(*this, bytes); }
  void on_refused(std::span<const byte_range> ranges) override { turns_.on_refused(*this, ranges); }
  void on_held_by_limit(std::uint64_t rate) override;
  void charge(work_price price) override { account_.charge(price); }
  byte_buffer take_outbox() override;
  void on_sent() override { path_.on_sent(clock::now()); }
  void on_payload_sent(std::size_t bytes, time_point now) override;
  void on_payload_received(std::size_t bytes, time_point now) override { received_.on_bytes(bytes, now); }
  bool is_near() override { return quick_path::is_near(path_.round_trip()); }

  void say_hello();
  void on_pieces(remote_peer::pieces_said said);
  /// Puts the gathered hints into the outbox.
  void flush_hints();
  /// When they are told, if nothing else is; `never` without any.
  time_point haves_due() const;
  void handle(const wire::message& message);
  void on_have(piece_index piece);
  void handle_extended(const wire::extended& message);
  void handle_metadata(const wire::metadata_message& message);
  void handle_attributes(const wire::metadata_message& message);
  void on_ready();
  void on_holds_changed();
  void close_if_both_complete();

  peer_context& context_;
  session_owner& share_;
  session_turns& turns_;
  session_listener* listener_ = nullptr;
  stream stream_;
  session_path path_;
  remote_peer remote_;
  flow_meter sent_;
  flow_meter received_;
  message_budget::account account_;
  asio::steady_timer credit_timer_;
  bool drops_small_ = false;           ///< while it waits, because its origin floods
  bool waits_for_credit_ = false;      ///< the reader does
  std::size_t last_read_ = 0;          ///< bytes; 0: it was paid for, or had payload, a request or news in it
  bool said_pieces_ = false;           ///< it said which pieces it has, or one that it has (BEP 3, BEP 6)
  std::uint32_t extensions_said_ = 0;  ///< handshakes of BEP 10
  bool interested_ = false;            ///< as we told the peer
  std::uint32_t publications_told_ = 0;

  receiver receiver_;
  uploader uploads_;
  byte_buffer outbox_;
  byte_buffer haves_;  ///< messages that are not in the outbox yet
  time_point haves_due_;
  duration haves_interval_{};
  wire::pieces_hint hints_;
  event work_;
  asio::steady_timer watchdog_timer_;
  bool closed_ = false;
  std::optional<end_reason> dismissed_;
  time_point dismissed_until_ = never;
  end_reason end_reason_ = end_reason::closed_by_peer;
};

}  // namespace shoal
