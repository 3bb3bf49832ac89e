// node: incoming payload, until its pieces are verified.

#include <algorithm>

#include "core/assert.hpp"
#include "simulate/node.hpp"

namespace shoal::simulate {

namespace {

// The size of the product's receive buffer: so many bytes are handed on at once.
constexpr std::uint32_t receive_buffer_bytes = 256 * KiB;

}  // namespace

void node::on_payload(end_index end, const byte_range& range, std::uint32_t bytes) {
  session& from = at(end);
  if (!downloading() || !from.source) return;
  if (from.received == 0) {
    const bool asked = transfer_->on_piece_begin(*from.source, range, now());
    SHOAL_ASSERT(asked);
    from.receiving = range;
  }
  SHOAL_ASSERT(from.receiving == range);
  transfer_->on_bytes(*from.source, bytes, now());
  heard_ = now();
  from.received += bytes;
  const bool whole = from.received == range.bytes;
  while (from.received - from.reported >= receive_buffer_bytes || (whole && from.reported < from.received)) {
    const std::uint32_t part = std::min(receive_buffer_bytes, from.received - from.reported);
    take_blocks(from, {range.piece, range.begin + from.reported, part});
    from.reported += part;
  }
  if (!whole) return;
  from.received = 0;
  from.reported = 0;
  transfer_->on_piece_end(*from.source, range, now());
  after_event(from);
}

void node::take_blocks(session& from, const byte_range& range) {
  const block_mask wanted = transfer_->on_blocks(*from.source, range, now());
  const std::uint32_t count = blocks_of(range.bytes);
  std::uint32_t first = 0;
  while (first < count) {
    if ((wanted >> first & 1) == 0) {
      ++first;
      continue;
    }
    std::uint32_t end = first;
    while (end < count && (wanted >> end & 1) != 0) ++end;
    const std::uint32_t begin = first * block_bytes;
    around_.net.store(from.end,
                      {range.piece, range.begin + begin, std::min((end - first) * block_bytes, range.bytes - begin)});
    first = end;
  }
}

void node::on_stored(end_index end, const byte_range& blocks) {
  if (!downloading()) return;
  const std::uint32_t first = blocks.begin / block_bytes;
  const std::uint32_t count = blocks_of(blocks.bytes);
  const auto right = around_.content.leaves(blocks.piece).subspan(first, count);
  std::vector<digest> leaves(right.begin(), right.end());
  const node_index sender = peer_of(end);
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool lie = around_.net.at(sender).corrupts(blocks.piece, first + i);
    if (lie) leaves[i] = synthetic_share::wrong(leaves[i]);
    around_.seen_by.on_block(index_, blocks.piece, first + i, sender, !lie, now());
  }
  if (transfer_->on_stored(*at(end).source, blocks.piece, first, leaves, now()) == transfer::check::verified) {
    on_piece_verified(blocks.piece);
    if (transfer_->complete()) {
      on_download_complete();
      return;
    }
  }
  follow_decisions();
  pump(at(end));
}

void node::on_piece_verified(piece_index piece) {
  around_.seen_by.on_verified(index_, piece, now());
  around_.net.broadcast(index_, ends_, {message::kind::have, {piece, 0, 0}});
}

void node::on_download_complete() {
  completed_ = now();
  totals_ = transfer_->total();
  transfer_.reset();
  if (awaited_) --around_.unfinished;
  around_.seen_by.on_complete(index_, now());
  const std::vector<end_index> ends = ends_;
  serving_.on_seeding(now());
  follow_orders();
  for (const end_index end : ends) {
    // The other side holds at least what it said. What it says beyond has no effect.
    if (!has_all(at(end))) serving_.on_holds(at(end).leecher, peer_host(end).pieces(), true);
    follow_orders();
    close_if_both_complete(at(end));
  }
}

std::uint64_t node::verified_bytes() const {
  if (downloading()) return transfer_->verified_bytes();
  return complete() ? around_.content.info()->total_bytes() : 0;
}

transfer::totals node::totals() const {
  return downloading() ? transfer_->total() : totals_;
}

void node::check_invariants() const {
  book_.check_invariants();
  serving_.check_invariants();
  if (downloading()) transfer_->check_invariants();
}

}  // namespace shoal::simulate
