// What the other side of a session said: who it is, what it can do, which pieces it has, and whether it serves us.
//
// The peer may name its pieces before this side knows how many there are. That is kept, and read once the shape of the
// share is known. Decides nothing and sends nothing: session passes on what it reads. Pure; part of session.
// BEP 3, 6, 9, 10.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "wire/extension.hpp"
#include "wire/frame_memory.hpp"
#include "wire/messages.hpp"

namespace shoal {

class remote_peer {
 public:
  /// Haves that are kept before the shape of the share is known. Further ones are forgotten.
  static constexpr std::size_t early_haves_max = 100'000;
  /// What says at once which pieces the peer has.
  using pieces_said = std::variant<wire::have_none, wire::have_all, wire::bitfield>;

  /// What is kept before the shape of the share is known comes out of `memory`, which outlives this. Null: nobody
  /// bounds that of all sessions together. `origin`: where the peer is.
  explicit remote_peer(const wire::handshake& theirs, wire::frame_memory* memory = nullptr,
                       const address_group& origin = {})
      : id_(theirs.peer), fast_(theirs.fast), extension_protocol_(theirs.extension_protocol), kept_(memory, origin) {}

  const peer_id& id() const { return id_; }
  /// It knows BEP 6.
  bool fast() const { return fast_; }
  /// It knows BEP 10.
  bool extension_protocol() const { return extension_protocol_; }
  /// Its last extension handshake (BEP 10); the defaults until one comes.
  const wire::extension_handshake& extensions() const { return extensions_; }
  /// It understands what only two nodes say to each other.
  bool hears_hints() const { return extensions_.shoal.has_value(); }
  std::uint32_t request_bytes_max() const { return extensions_.shoal ? extensions_.request_bytes : block_bytes; }
  /// Size of the info dictionary that it can send (BEP 9); 0: none.
  std::uint32_t info_bytes() const { return extensions_.ut_metadata ? extensions_.metadata_bytes : 0; }
  /// Length of the list of file attributes that it can send; 0: none.
  std::uint32_t attributes_bytes() const { return extensions_.shoal_files ? extensions_.attributes_bytes : 0; }
  /// Its extension handshake came, or will not come. It can be asked.
  bool ready() const { return ready_; }
  /// It serves us nothing for now.
  bool choking() const { return choking_; }
  /// Its limit holds up what it sends us, bytes per second; 0: none does, as far as it says.
  std::uint64_t limit() const { return limit_; }
  /// It wants something of ours.
  bool interested() const { return interested_; }
  /// Pieces that it has; empty until the shape of the share is known.
  const bitmap& holds() const { return holds_; }
  /// It is known to have everything.
  bool holds_all() const { return holds_.size() != 0 && holds_.all(); }

  void on_extensions(wire::extension_handshake said) { extensions_ = std::move(said); }
  void on_ready() { ready_ = true; }
  void on_choking(bool choking) { choking_ = choking; }
  void on_limit(std::uint64_t rate) { limit_ = rate; }
  void on_interested(bool interested) { interested_ = interested; }
  /// Replaces what it said of its pieces before. Takes effect with the next on_shape(). False: too much is kept
  /// already, so on_shape() must follow at once, or the session must end.
  [[nodiscard]] bool on_pieces(pieces_said all);
  /// Before on_shape(), takes effect with it. False: too much is kept already, and the session must end.
  [[nodiscard]] bool on_early_have(piece_index piece);
  /// It has one more piece. True if that is news. errc::protocol: there is no such piece.
  result<bool> on_have(piece_index piece);
  /// The share has so many pieces. What the peer said about its pieces is read. errc::protocol if that is nonsense.
  result<void> on_shape(std::uint32_t pieces);

 private:
  peer_id id_;
  bool fast_;
  bool extension_protocol_;
  wire::extension_handshake extensions_;
  bool ready_ = false;
  bool choking_ = true;
  bool interested_ = false;
  std::uint64_t limit_ = 0;
  bitmap holds_;
  std::optional<pieces_said> unread_pieces_;
  std::vector<piece_index> early_haves_;
  wire::taken_memory kept_;
};

}  // namespace shoal
