// The serving half of one session: waiting requests, and sending the answers. An answer is made when the ones before it
// are on their way. So we keep no answers for a peer that does not read.
//
// Serves only verified pieces, straight from the file with sendfile. A worker opens the file, checks that it did not
// change, and brings the range into the page cache. So the network thread never waits for a disk. No tit-for-tat:
// choker says whose turn it is. Each session sends one range at a time when its socket is writable, so TCP shares the
// uplink. It sends as fast as the limits of the share and of the process let it. Part of session.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "content/geometry.hpp"
#include "content/merkle.hpp"
#include "net/stream.hpp"
#include "peer/session/end_reason.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/remote_peer.hpp"
#include "peer/session/session_owner.hpp"
#include "peer/session/throttle.hpp"
#include "policy/limit_wait.hpp"
#include "policy/message_budget.hpp"
#include "policy/quick_path.hpp"
#include "policy/unsent_limit.hpp"
#include "store/content_files.hpp"
#include "wire/messages.hpp"

namespace shoal {

/// Bytes that one hop to the worker pool prepares: one large request, or many of 16 KiB.
inline constexpr std::uint32_t prepare_bytes_max = 1 * MiB;
/// Ranges of one hop. Each may be of a file of its own, which stays open until it is sent.
inline constexpr std::size_t prepare_ranges_max = prepare_bytes_max / block_bytes;

/// The session of an uploader, as far as it has to do with it.
class uploader_host {
 public:
  /// Queues a message; never blocks.
  virtual void send(const wire::message& message) = 0;
  virtual void close(end_reason why, std::string_view detail = {}) = 0;
  virtual bool closed() const = 0;
  /// What the peer said of itself.
  virtual const remote_peer& remote() const = 0;
  /// The peer is so near that the machines limit the speed, and not the way.
  virtual bool is_near() = 0;
  /// There is something to serve.
  virtual void wake() = 0;
  /// As session_turns.
  [[nodiscard]] virtual bool may_serve(const byte_range& range) = 0;
  virtual void on_served(std::uint32_t bytes) = 0;
  virtual void on_refused(std::span<const byte_range> ranges) = 0;
  /// Messages that are to go out before the next payload.
  virtual byte_buffer take_outbox() = 0;
  virtual void on_sent() = 0;
  virtual void on_payload_sent(std::size_t bytes, time_point now) = 0;
  /// This limit holds the session up, in bytes per second; 0: none does any more.
  virtual void on_held_by_limit(std::uint64_t rate) = 0;
  /// The peer caused work that is not paid for with payload.
  virtual void charge(work_price price) = 0;

 protected:
  ~uploader_host() = default;
};

class uploader {
 public:
  /// All outlive it. `to` is the host's, and written to only while the host's writer is in serve_next().
  uploader(peer_context& context, session_owner& share, stream& to, uploader_host& host)
      : context_(context), share_(share), stream_(to), host_(host), turn_(context.executor) {}

  /// Queues a request, or rejects it (BEP 6): not verified, too many waiting, choked, or given to another leecher.
  void on_request(const byte_range& range);
  /// Rejects a request of which nothing was sent yet (BEP 6, BEP 52).
  void on_cancel(const byte_range& range);
  /// The peer is choked. Requests beyond `bytes` are rejected (BEP 6). So a peer that asks for more than its turn does
  /// not keep others waiting.
  void reject_beyond(std::uint64_t bytes);
  /// The peer is choked and does not know BEP 6. Waiting requests are void (BEP 3).
  void forget_requests();
  /// Queues it behind earlier requests, so that a peer may ask for leaves right after their data (BEP 52).
  void on_hash_request(const hash_range& range);
  /// Queues it. Too many are rejected (BEP 9).
  void on_metadata_request(std::uint32_t piece);
  /// Like on_metadata_request, for a part of the list of file attributes.
  void on_attributes_request(std::uint32_t part);

  /// The session was closed: ends the wait for a limit.
  void stop() { turn_.cancel(); }
  bool empty() const { return waiting_.empty(); }
  /// What the first waiting request costs beside payload. 0: nothing, or nothing waits.
  work_price next_price() const;
  /// The first waiting request cannot be paid for yet. Puts the first one that costs nothing before it. False: there is
  /// none.
  [[nodiscard]] bool serve_free_first();
  /// The session is in the middle of a range. Nothing else can be said before its end.
  bool sending() const { return sending_; }
  /// Serves the first waiting ranges, up to prepare_bytes_max, except those that are cancelled meanwhile. The session's
  /// writer calls it.
  awaitable<void> serve_next();

 private:
  struct prepared {
    byte_range range;
    std::uint32_t bytes_in_file = 0;  ///< the rest of the range is padding
    result<content_files::readable_range> source;
  };
  struct metadata_request {
    std::uint32_t piece = 0;
    bool attributes = false;  ///< part of the list of file attributes; otherwise of the info dictionary
  };
  void queue(const metadata_request& request);
  awaitable<void> serve_hashes(hash_range range);
  /// The leaves of a piece that is here. From the file, unless they are known from the last questions.
  awaitable<result<leaf_list>> leaves_of(piece_index piece);
  /// The piece whose leaves the range asks for. Nothing if there is no such piece, or it is not here.
  std::optional<piece_index> piece_of_leaves(const hash_range& range) const;
  /// Answers with the requested part of `whole`, or with a reject if there is no such part (BEP 9).
  void answer(const metadata_request& request, byte_view whole);
  awaitable<bool> send_range(const prepared& one);
  awaitable<bool> send_bytes(byte_view bytes, bool more);
  /// False: the session closed meanwhile.
  awaitable<bool> wait_writable();
  void reject(const byte_range& range);
  void on_payload_sent(std::size_t bytes);

  peer_context& context_;
  session_owner& share_;
  stream& stream_;
  uploader_host& host_;
  throttle::turn turn_;
  std::deque<std::variant<byte_range, hash_range, metadata_request>> waiting_;
  std::size_t hashes_waiting_ = 0;    ///< how many of those cost something
  std::deque<byte_range> preparing_;  ///< ranges that serve_next has taken and not begun to send
  bool sending_ = false;
  std::uint64_t short_requests_ = 0;
  quick_path path_;
  unsent_limit unsent_;
  limit_wait limit_wait_;
};

}  // namespace shoal
