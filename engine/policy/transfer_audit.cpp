// transfer: finds what nobody fetches any more and nobody waits for, and has it fetched again.
//
// Nothing of that kind ever happens if all else is right. A download would hang at 99 % if it did, so it is looked for.

#include <bit>
#include <unordered_map>
#include <utility>

#include "policy/transfer_state.hpp"

namespace shoal {

namespace {

std::string line(std::string_view what, source_id source, chunk_index chunk, block_mask blocks) {
  return std::string(what) + " source=" + std::to_string(source.value()) + " chunk=" + std::to_string(chunk.value()) +
         " blocks=" + std::to_string(std::popcount(blocks));
}

}  // namespace

std::vector<std::string> transfer::audit(bool stored, time_point now) {
  state& s = *state_;
  std::vector<std::string> wrong;
  for (const source_id id : s.present) {
    state::source& one = s.at(id);
    // What the source is believed to bring, and does not owe.
    std::unordered_map<chunk_index, block_mask> owed;
    for (const sent_request& request : one.requests.outstanding()) owed[request.chunk] |= request.live;
    std::vector<std::pair<chunk_index, block_mask>> lost;
    for (const chunk_index chunk : s.queue.claimed(id)) {
      const auto at = owed.find(chunk);
      const block_mask blocks = s.queue.record(chunk).claimed_by(id) & ~(at == owed.end() ? 0 : at->second);
      if (blocks != 0) lost.emplace_back(chunk, blocks);
    }
    for (const auto& [chunk, blocks] : lost) {
      wrong.push_back(line("blocks were expected of a source that was not asked", id, chunk, blocks));
      s.queue.on_released(id, chunk, blocks);
    }
    if (!s.queue.lane(id).empty() && (!s.can_be_asked(one) || one.resume)) {
      wrong.push_back(line("a chunk waited for a source that cannot be asked", id, s.queue.lane(id).front(), 0));
      s.queue.on_lane_released(id);
    }
    if (!one.requests.empty() && !one.owes_since && !one.stalled) {
      const sent_request& first = one.requests.outstanding().front();
      wrong.push_back(line("a request had no deadline", id, first.chunk, first.live));
      one.owes_since = now;
    }
  }
  if (stored) {
    for (const auto& [piece, block] : s.checks.unreported()) {
      wrong.push_back("a block was handed over and never stored piece=" + std::to_string(piece.value()) +
                      " block=" + std::to_string(block));
      s.apply(piece, s.checks.on_store_failed(piece, block, 1), now);
    }
  }
  if (!wrong.empty()) s.work_freed = true;
  return wrong;
}

}  // namespace shoal
