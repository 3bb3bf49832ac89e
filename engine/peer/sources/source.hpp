// Where chunks come from: what a download needs of whoever delivers them, and what it hears from it.
//
// A session with a peer is a source (session_source), and so is content that is on this disk already (local_source). A
// download treats them alike: `transfer` decides what to ask each for, and everything that comes is verified against
// the hashes of the share. All of it happens on the network thread; no call blocks.
//
// A source begins with source_listener::on_source_ready() and ends with on_source_gone(), and outlives whatever happens
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
  duration distance{};                            ///< there and back, without what waits in queues; zero: unknown
  bool costs_nothing = false;                     ///< no link is used: what it holds is asked of nobody else
};

/// What people are told of a source.
struct source_name {
  enum class kind : std::uint8_t {
    peer,
    disk,  ///< content of this peer's own shares
  };
  kind what = kind::peer;
  peer_id peer{};       ///< all zero unless it is a peer
  std::string address;  ///< "HOST:PORT" of a peer, else what it is, in words
  std::string client;   ///< what a peer calls its program
  friend bool operator==(const source_name&, const source_name&) = default;
};

/// Who can be asked what a share is, besides its bytes: the info dictionary (BEP 9), the hashes of its Merkle trees
/// (BEP 52), the times and modes of its files.
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
  /// It serves nothing for now.
  virtual bool choking() const = 0;
  /// Requests that it got before it choked stay until each is answered or rejected (BEP 6).
  virtual bool answers_all() const = 0;
  /// It ends: nothing is to be asked of it any more.
  virtual bool closed() const = 0;
  /// Null if it knows nothing but bytes.
  virtual metadata_origin* metadata() = 0;

  // What the download wants.

  /// It holds something that is missing here; may be said again.
  virtual void set_interested(bool interested) = 0;
  /// Each request is answered with on_piece_begin() or on_reject(), unless it chokes and not answers_all().
  virtual void request(const byte_range& range) = 0;
  /// The request is not needed any more. It may be answered all the same.
  virtual void cancel(const byte_range& range) = 0;
  /// It sent something wrong: of `damaged`, if that is what it did. What sent it is not asked again.
  virtual void ban(std::optional<piece_index> damaged) = 0;
  /// It owes something. To be called again and again as long as that is so: where nothing gets through to it, it finds
  /// another way or ends. `starved`: nothing comes from anybody.
  virtual void look_after(time_point now, bool starved) = 0;

  /// The number under which its download knows it, from take_up() on. Only the download says so.
  std::optional<source_id> number() const { return number_; }
  void take_up(source_id number) { number_ = number; }
  void put_down() { number_.reset(); }

 private:
  std::optional<source_id> number_;
};

/// What a download hears from its sources. Whatever a source says that was put down is ignored.
class source_listener {
 public:
  /// It can be asked from now on. Again when its metadata() has something new.
  virtual void on_source_ready(source& from) = 0;
  /// It is about to be destroyed. Also if it was never ready.
  virtual void on_source_gone(source& from) = 0;
  /// holds() is something else.
  virtual void on_holds(source& from) = 0;
  virtual void on_have(source& from, piece_index piece) = 0;
  /// Which pieces other leechers are given, by it.
  virtual void on_hint(source& from, const wire::pieces_hint& hint) = 0;
  virtual void on_choke(source& from) = 0;
  virtual void on_unchoke(source& from) = 0;
  virtual void on_reject(source& from, const byte_range& range) = 0;
  /// An answer begins. False: it was never asked for.
  [[nodiscard]] virtual bool on_piece_begin(source& from, const byte_range& range) = 0;
  /// So many bytes of the answer came.
  virtual void on_bytes(source& from, std::uint32_t bytes) = 0;
  /// A limit keeps the source from being read, so its silence says nothing, until the limit is passed.
  virtual void on_limited(source& from) = 0;
  virtual void on_limit_passed(source& from) = 0;
  /// Takes over the buffer, which holds `range` of the answer, whole blocks.
  virtual void on_blocks(source& from, const byte_range& range, buffer_pool::buffer buffer) = 0;
  virtual void on_piece_end(source& from, const byte_range& range) = 0;
  /// Payload bytes per second that came from it lately.
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
