#include "peer/session/remote_peer.hpp"

#include "core/overloaded.hpp"

namespace shoal {

result<bool> remote_peer::on_have(piece_index piece) {
  if (piece.value() >= holds_.size()) return error{errc::protocol, "have of a piece that does not exist"};
  return holds_.set(piece.value());
}

bool remote_peer::on_pieces(pieces_said all) {
  const auto* field = std::get_if<wire::bitfield>(&all);
  const bool room = field == nullptr || kept_.resize(kept_.bytes() + field->bits.size());
  unread_pieces_ = std::move(all);
  return room;
}

bool remote_peer::on_early_have(piece_index piece) {
  if (early_haves_.size() >= early_haves_max) return true;
  // A vector may hold twice as much as it needs.
  if (!kept_.resize(kept_.bytes() + 2 * sizeof piece)) return false;
  early_haves_.push_back(piece);
  return true;
}

result<void> remote_peer::on_shape(std::uint32_t pieces) {
  if (holds_.size() != pieces) holds_ = bitmap(pieces);
  if (unread_pieces_) {
    const auto read = overloaded{
        [&](const wire::have_none&) { return std::optional(bitmap(pieces)); },
        [&](const wire::have_all&) {
          bitmap all(pieces);
          all.set_all();
          return std::optional(std::move(all));
        },
        [&](const wire::bitfield& field) { return bitmap::from_bytes(field.bits, pieces); },
    };
    auto said = std::visit(read, *unread_pieces_);
    if (!said) return error{errc::protocol, "bitfield of the wrong size"};
    holds_ = std::move(*said);
    unread_pieces_.reset();
  }
  for (const piece_index piece : early_haves_) {
    if (piece.value() < pieces) holds_.set(piece.value());
  }
  early_haves_ = {};
  (void)kept_.resize(0);
  return {};
}

}  // namespace shoal
