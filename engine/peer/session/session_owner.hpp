// What a session needs from its share: what is here, whom to serve, and who hears what the peer says.
//
// Three small interfaces, so that a session knows neither shares nor downloads. Their objects outlive the session; on
// the network thread only. There is no `session_listener` where nothing is fetched.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "content/merkle.hpp"
#include "net/buffer_pool.hpp"
#include "peer/session/share_content.hpp"
#include "peer/session/throttle.hpp"
#include "wire/extension.hpp"

namespace shoal {

class session;

/// The share of a session, as far as the session needs it.
class session_owner {
 public:
  virtual const share_id& id() const = 0;
  /// What of it is here.
  virtual const share_content& content() const = 0;
  /// Who published it and when, as far as this peer knows.
  virtual const publication& published() const = 0;
  /// Where payload waits for the limits of the share and of the process.
  virtual throttle& up() = 0;
  virtual throttle& down() = 0;

  /// Content that was to be served cannot be read, or is not as it was.
  virtual void on_content_lost(const error& why) = 0;
  /// The peer says that the data that it got of a piece does not match its hash.
  virtual void on_accused(session& by, piece_index piece) = 0;
  /// The peer says that it no longer offers the share. `why` is the name of an errc.
  virtual void on_withdrawn(session& by, std::string_view why) = 0;
  /// The peer says who signed the share. The signature is unchecked.
  virtual void on_published(session& by, const publication& claim) = 0;
  /// Nothing gets through to a peer that owes something. That may pass at any moment. May be called again and again.
  virtual void on_path_lost(session& with) = 0;
  /// The way to such a peer is free again. What either side sent meanwhile may still wait for its next repetition.
  virtual void on_path_back(session& with) = 0;

 protected:
  ~session_owner() = default;
};

/// Which sessions of a share to serve, and with what.
class session_turns {
 public:
  /// The session may now be told whether it serves the peer. Called once the metadata is known; may be repeated.
  virtual void on_session(session& from) = 0;
  virtual void on_interested(session& from, bool interested) = 0;
  virtual void on_has(session& from, piece_index piece) = 0;
  /// Also called when it first becomes known what the peer holds.
  virtual void on_holds(session& from) = 0;
  /// False: reject the request. The peer is choked, or another leecher was given the piece.
  [[nodiscard]] virtual bool may_serve(session& to, const byte_range& range) = 0;
  /// Bytes that a peer is still served after it was choked.
  virtual std::uint64_t turn_bytes() const = 0;
  /// The payload of a request that may_serve() accepted was sent.
  virtual void on_sent(session& to, std::uint32_t bytes) = 0;
  /// Requests that may_serve() accepted will not be served.
  virtual void on_refused(session& to, std::span<const byte_range> ranges) = 0;

 protected:
  ~session_turns() = default;
};

/// Hears what the peer has to offer, and takes what it delivers.
class session_listener {
 public:
  /// The session can be asked from now on. Called again when the peer's extension handshake says something new.
  virtual void on_ready() = 0;
  virtual void on_holds() = 0;
  virtual void on_have(piece_index piece) = 0;
  virtual void on_hint(const wire::pieces_hint& hint) = 0;
  virtual void on_choke() = 0;
  virtual void on_unchoke() = 0;
  virtual void on_reject(const byte_range& range) = 0;
  /// False: the piece was never asked for, and the session must end.
  [[nodiscard]] virtual bool on_piece_begin(const byte_range& range) = 0;
  virtual void on_bytes(std::uint32_t bytes) = 0;
  /// A limit keeps the session from reading what the peer may have sent, until it is passed.
  virtual void on_limited() = 0;
  virtual void on_limit_passed() = 0;
  /// Takes over the buffer. It holds `range`, which is whole blocks.
  virtual void on_blocks(const byte_range& range, buffer_pool::buffer buffer) = 0;
  virtual void on_piece_end(const byte_range& range) = 0;
  /// Payload bytes per second of the last moments.
  virtual double rate() const = 0;
  virtual void on_info_piece(std::uint32_t piece, std::uint32_t total_bytes, byte_view data) = 0;
  virtual void on_info_reject(std::uint32_t piece) = 0;
  virtual void on_attributes_part(std::uint32_t part, byte_view data) = 0;
  virtual void on_attributes_reject() = 0;
  virtual void on_hashes(const hash_range& range, std::span<const digest> hashes) = 0;
  virtual void on_hash_reject(const hash_range& range) = 0;

 protected:
  ~session_listener() = default;
};

}  // namespace shoal
