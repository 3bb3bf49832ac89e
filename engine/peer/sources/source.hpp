// Where chunks come from: what a download needs of a source, and what it hears from a source.
//
// A session with a peer is a source (session_source), and so is content that is on this disk already (local_source). A
// download treats them alike. `transfer` decides what to ask each source for, and everything that comes is verified
// against the hashes of the share. All of it happens on the network thread; no call blocks.
//
// A source begins with source_listener::on_source_ready() and ends with on_source_gone(), and exists all the time
// between. The listener outlives the source.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "content/geometry.hpp"
#include "content/merkle.hpp"
#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "net/buffer_pool.hpp"
#include "wire/extension.hpp"

namespace shoal {

/// What a source can be asked for at once, and how far away it is.
struct source_limits {
  std::uint32_t request_bytes_max = block_bytes;  ///< largest request, a multiple of block_bytes
  std::uint32_t requests_max = 1;                 ///< requests that it queues
  duration distance{};                            ///< round trip, without the time in queues; zero: unknown
  bool costs_nothing = false;                     ///< no link is used: what it holds is asked of nobody else
};

/// What people are told of a source.
struct source_name {
  enum class kind : std::uint8_t {
    peer,
    disk,  ///< content of this peer's own shares
  };
  kind what = kind::peer;
  peer_id peer{};       ///< all zero unless the source is a peer
  std::string address;  ///< "HOST:PORT" of a peer; otherwise what the source is, in words
  std::string client;   ///< what a peer calls its program
  friend bool operator==(const source_name&, const source_name&) = default;
};

/// An origin that can be asked what a share is, besides its bytes. That is the info dictionary (BEP 9), the hashes of
/// its Merkle trees (BEP 52), and the times and modes of its files.
class metadata_origin {
 public:
  /// Size of the info dictionary that it can send; 0: none.
  virtual std::uint32_t info_bytes() const = 0;
  virtual void request_info(std::uint32_t piece) = 0;
  /// Length of the list of file attributes that it can send; 0: none.
  virtual std::uint32_t attributes_bytes() const = 0;
  virtual void request_attributes(std::uint32_t part) = 0;
  virtual void request_hashes(const hash_range& range) = 0;

 protected:
  ~metadata_origin() = default;
};

class source {
 public:
  virtual ~source() = default;

  // What it is and has.

  virtual source_limits limits() = 0;
  virtual source_name name() const = 0;
  /// Pieces that it can deliver; piece_count bits once the metadata is known.
  virtual const bitmap& holds() const = 0;
  /// The source serves nothing for now.
  virtual bool choking() const = 0;
  /// Requests that it got before it choked stay until each is answered or rejected (BEP 6).
  virtual bool answers_all() const = 0;
  /// A limit of the source's own holds it up, as it says: bytes per second; 0: none.
  virtual std::uint64_t their_limit() const = 0;
  /// The source ends. Nothing may be asked of it any more.
  virtual bool closed() const = 0;
  /// Null if the source knows nothing but bytes.
  virtual metadata_origin* metadata() = 0;

  // What the download wants.

  /// The source holds something that is missing here. May be repeated.
  virtual void set_interested(bool interested) = 0;
  /// The source answers each request with on_piece_begin() or on_reject(), unless it chokes and not answers_all().
  virtual void request(const byte_range& range) = 0;
  /// The request is not needed any more. The source may still answer it.
  virtual void cancel(const byte_range& range) = 0;
  /// The source sent wrong data; of the piece `damaged`, if given. It is not asked again.
  virtual void ban(std::optional<piece_index> damaged) = 0;
  /// The source owes something. Call this again and again while that is so. Where nothing gets through to the source,
  /// it finds another way or ends. `starved`: nothing comes from any source.
  virtual void look_after(time_point now, bool starved) = 0;

  /// The number under which its download knows it, from take_up() on. Only the download sets it.
  std::optional<source_id> number() const { return number_; }
  void take_up(source_id number) { number_ = number; }
  void put_down() { number_.reset(); }

 private:
  std::optional<source_id> number_;
};

/// What a download hears from its sources. What a source says after put_down() is ignored.
class source_listener {
 public:
  /// The source can be asked from now on. Called again when its metadata() has something new.
  virtual void on_source_ready(source& from) = 0;
  /// The source is about to be destroyed. Called also if it was never ready.
  virtual void on_source_gone(source& from) = 0;
  /// holds() has changed.
  virtual void on_holds(source& from) = 0;
  virtual void on_have(source& from, piece_index piece) = 0;
  /// Which pieces the source gives to other leechers.
  virtual void on_hint(source& from, const wire::pieces_hint& hint) = 0;
  virtual void on_choke(source& from) = 0;
  virtual void on_unchoke(source& from) = 0;
  virtual void on_reject(source& from, const byte_range& range) = 0;
  /// An answer begins. False: the source was never asked for it.
  [[nodiscard]] virtual bool on_piece_begin(source& from, const byte_range& range) = 0;
  /// So many bytes of the answer came.
  virtual void on_bytes(source& from, std::uint32_t bytes) = 0;
  /// A limit keeps the source from being read, so its silence says nothing, until the limit is passed.
  virtual void on_limited(source& from) = 0;
  virtual void on_limit_passed(source& from) = 0;
  /// Takes over the buffer. It holds `range` of the answer, which is whole blocks.
  virtual void on_blocks(source& from, const byte_range& range, buffer_pool::buffer buffer) = 0;
  virtual void on_piece_end(source& from, const byte_range& range) = 0;
  /// Payload bytes per second of the source in the last moments.
  virtual double rate_of(const source& from) const = 0;

  virtual void on_info_piece(source& from, std::uint32_t piece, std::uint32_t total_bytes, byte_view data) = 0;
  virtual void on_info_reject(source& from, std::uint32_t piece) = 0;
  virtual void on_attributes_part(source& from, std::uint32_t part, byte_view data) = 0;
  virtual void on_attributes_reject(source& from) = 0;
  virtual void on_hashes(source& from, const hash_range& range, std::span<const digest> hashes) = 0;
  virtual void on_hash_reject(source& from, const hash_range& range) = 0;

 protected:
  ~source_listener() = default;
};

}  // namespace shoal
