#include "policy/verification.hpp"

#include <algorithm>
#include <bit>

#include "content/merkle.hpp"
#include "core/assert.hpp"

namespace shoal {

namespace {

void add(std::vector<source_id>& to, source_id source) {
  if (std::find(to.begin(), to.end(), source) == to.end()) to.push_back(source);
}

}  // namespace

verification::record& verification::begun(piece_index piece) {
  record& about = records_[piece];
  if (about.states.empty()) {
    const std::uint32_t blocks = info_->shape().piece_blocks(piece);
    about.states.resize(blocks, block_state::missing);
    about.present.leaves.resize(blocks);
    about.present.senders.resize(blocks);
  }
  return about;
}

std::uint32_t verification::bytes_of(piece_index piece, std::uint32_t block) const {
  return std::min(block_bytes, info_->shape().piece_size(piece) - block * block_bytes);
}

std::vector<source_id> verification::senders_of(const record& about) {
  std::vector<source_id> senders;
  for (const auto sender : about.present.senders) add(senders, sender);
  return senders;
}

void verification::lose(record& about, std::uint32_t block, verdict& out) const {
  if (about.states[block] == block_state::stored) --about.stored;
  about.states[block] = block_state::missing;
  out.lost.push_back(block);
}

void verification::on_blocks(source_id source, piece_index piece, std::uint32_t first_block, block_mask blocks) {
  record& about = begun(piece);
  for (; blocks != 0; blocks &= blocks - 1) {
    const std::uint32_t block = first_block + static_cast<std::uint32_t>(std::countr_zero(blocks));
    SHOAL_ASSERT(block < about.states.size() && about.states[block] == block_state::missing);
    about.states[block] = block_state::writing;
    about.present.senders[block] = source;
  }
}

bool verification::right(piece_index piece, const record& about) const {
  const geometry& shape = info_->shape();
  const bool only_piece = shape.file_pieces(shape.piece_file(piece)) == 1;
  return piece_root(about.present.leaves, shape.piece_bytes() / block_bytes, only_piece) == info_->piece_hash(piece);
}

verification::verdict verification::on_stored(piece_index piece, std::uint32_t first_block,
                                              std::span<const digest> leaves) {
  verdict out;
  const auto found = records_.find(piece);
  if (found == records_.end()) return out;
  record& about = found->second;
  SHOAL_ASSERT(first_block <= about.states.size() && leaves.size() <= about.states.size() - first_block);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const std::uint32_t block = first_block + static_cast<std::uint32_t>(i);
    if (about.states[block] == block_state::writing_void) {
      lose(about, block, out);
    } else if (about.states[block] == block_state::writing) {
      if (!about.proven.empty() && about.proven[block] != leaves[i]) {
        add(out.liars, about.present.senders[block]);
        out.bytes_failed += bytes_of(piece, block);
        out.result = verdict::outcome::failed;
        lose(about, block, out);
        continue;
      }
      about.states[block] = block_state::stored;
      about.present.leaves[block] = leaves[i];
      ++about.stored;
    }
  }
  if (about.stored < about.states.size() || about.disputed) return out;
  if (!right(piece, about)) {
    fail(piece, about, out);
    return out;
  }
  for (std::size_t i = 0; i < about.failed.leaves.size(); ++i) {
    if (about.failed.leaves[i] != about.present.leaves[i]) add(out.liars, about.failed.senders[i]);
  }
  out.result = verdict::outcome::verified;
  records_.erase(found);
  return out;
}

void verification::fail(piece_index piece, record& about, verdict& out) {
  out.result = verdict::outcome::failed;
  const auto senders = senders_of(about);
  if (senders.size() > 1) {
    about.disputed = true;
    leaf_queries_.push_back(piece);
    return;
  }
  add(out.liars, senders.front());
  out.bytes_failed += info_->shape().piece_size(piece);
  for (std::uint32_t block = 0; block < about.states.size(); ++block) lose(about, block, out);
}

verification::verdict verification::on_store_failed(piece_index piece, std::uint32_t first_block,
                                                    std::uint32_t blocks) {
  verdict out;
  const auto found = records_.find(piece);
  if (found == records_.end()) return out;
  record& about = found->second;
  SHOAL_ASSERT(first_block <= about.states.size() && blocks <= about.states.size() - first_block);
  for (std::uint32_t block = first_block; block < first_block + blocks; ++block) {
    const block_state state = about.states[block];
    if (state == block_state::writing || state == block_state::writing_void) lose(about, block, out);
  }
  return out;
}

verification::verdict verification::on_leaves(piece_index piece, std::span<const digest> leaves) {
  const auto found = records_.find(piece);
  if (found == records_.end() || !found->second.disputed) return {};
  record& about = found->second;
  if (leaves.size() < about.states.size()) return on_leaves_unavailable(piece);
  verdict out;
  for (std::uint32_t block = 0; block < about.states.size(); ++block) {
    if (about.present.leaves[block] == leaves[block]) continue;
    add(out.liars, about.present.senders[block]);
    out.bytes_failed += bytes_of(piece, block);
    lose(about, block, out);
  }
  // Leaves that agree with a piece that failed were not proven against its root.
  if (out.lost.empty()) return on_leaves_unavailable(piece);
  about.disputed = false;
  about.proven.assign(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(about.states.size()));
  return out;
}

verification::verdict verification::on_leaves_unavailable(piece_index piece) {
  verdict out;
  const auto found = records_.find(piece);
  if (found == records_.end() || !found->second.disputed) return out;
  record& about = found->second;
  about.disputed = false;
  about.failed = about.present;
  out.exclusive = true;
  out.suspects = senders_of(about);
  out.bytes_failed = info_->shape().piece_size(piece);
  for (std::uint32_t block = 0; block < about.states.size(); ++block) lose(about, block, out);
  return out;
}

verification::verdict verification::on_owner(piece_index piece, source_id owner) {
  verdict out;
  const auto found = records_.find(piece);
  if (found == records_.end()) return out;
  record& about = found->second;
  for (std::uint32_t block = 0; block < about.states.size(); ++block) {
    if (about.present.senders[block] == owner) continue;
    if (about.states[block] == block_state::stored) lose(about, block, out);
    if (about.states[block] == block_state::writing) about.states[block] = block_state::writing_void;
  }
  return out;
}

std::optional<piece_index> verification::next_leaf_query() {
  if (leaf_queries_.empty()) return std::nullopt;
  const piece_index piece = leaf_queries_.front();
  leaf_queries_.pop_front();
  return piece;
}

bool verification::arrived(piece_index piece, std::uint32_t block) const {
  const auto found = records_.find(piece);
  return found != records_.end() && found->second.states[block] != block_state::missing;
}

std::vector<verification::unreported_block> verification::unreported() const {
  std::vector<unreported_block> found;
  for (const auto& [piece, about] : records_) {
    for (std::uint32_t i = 0; i < about.states.size(); ++i) {
      const block_state now = about.states[i];
      if (now == block_state::writing || now == block_state::writing_void) found.push_back({piece, i});
    }
  }
  return found;
}

void verification::check_invariants() const {
  for (const auto& [piece, about] : records_) {
    SHOAL_ASSERT(about.states.size() == info_->shape().piece_blocks(piece));
    SHOAL_ASSERT(about.stored == std::ranges::count(about.states, block_state::stored));
    SHOAL_ASSERT(about.disputed == (about.stored == about.states.size()));
    SHOAL_ASSERT(about.proven.empty() || about.proven.size() == about.states.size());
  }
}

}  // namespace shoal
