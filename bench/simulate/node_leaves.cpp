// node: the leaf hashes of failed pieces, which show who lied.

#include "simulate/node.hpp"

namespace shoal::simulate {

void node::on_leaves(session& from, piece_index piece) {
  if (!downloading() || !from.source || !transfer_->leaves_asked(piece, *from.source)) return;
  transfer_->on_leaves(piece, around_.content.leaves(piece), now());
  follow_decisions();
}

void node::on_leaves_refused(session& from, piece_index piece) {
  if (!downloading() || !from.source) return;
  transfer_->on_leaves_refused(piece, *from.source, now());
  follow_decisions();
}

}  // namespace shoal::simulate
