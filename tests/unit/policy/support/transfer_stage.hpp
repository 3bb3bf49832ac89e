// A transfer with actors: sources that answer, lie, choke, stall or die as a test says, in virtual time.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <vector>

#include "policy/transfer.hpp"
#include "unit/policy/support/fake_share.hpp"

namespace shoal::fake {

using namespace std::chrono_literals;

inline std::uint64_t bytes_of(const std::vector<byte_range>& ranges) {
  std::uint64_t bytes = 0;
  for (const auto& range : ranges) bytes += range.bytes;
  return bytes;
}

inline bool overlap(const byte_range& a, const byte_range& b) {
  return a.piece == b.piece && a.begin < b.begin + b.bytes && b.begin < a.begin + a.bytes;
}

inline bool overlaps_any(const byte_range& range, const std::vector<byte_range>& others) {
  return std::any_of(others.begin(), others.end(), [&](const byte_range& other) { return overlap(range, other); });
}

struct stage {
  explicit stage(std::uint32_t piece_bytes, std::vector<std::uint64_t> sizes, std::uint64_t seed = 1,
                 const std::vector<std::uint32_t>& contents = {})
      : content(make_share(piece_bytes, sizes, contents)),
        shape(content.info->shape()),
        transfer(content.info, bitmap(shape.piece_count()), seed),
        stores(shape.piece_count()) {}
  ~stage() { transfer.check_invariants(); }

  bitmap all() const {
    bitmap bits(shape.piece_count());
    bits.set_all();
    return bits;
  }
  bitmap only(std::initializer_list<std::uint32_t> pieces) const {
    bitmap bits(shape.piece_count());
    for (const auto piece : pieces) bits.set(piece);
    return bits;
  }

  source_id join(std::optional<bitmap> pieces = std::nullopt, std::uint32_t request_bytes_max = 1 * MiB,
                 std::uint32_t requests_max = 2048) {
    const auto id = transfer.on_source(request_bytes_max, requests_max, {}, now);
    transfer.on_bitmap(id, pieces ? *pieces : all(), now);
    transfer.on_unchoke(id, now);
    return id;
  }

  /// Everything the transfer asks this source for now.
  std::vector<byte_range> ask(source_id id) {
    std::vector<byte_range> ranges;
    while (const auto range = transfer.next_request(id, now)) {
      REQUIRE(shape.valid(*range));
      ranges.push_back(*range);
    }
    return ranges;
  }

  std::vector<byte_range> cancels(source_id id) {
    std::vector<byte_range> ranges;
    while (const auto range = transfer.next_cancel(id)) ranges.push_back(*range);
    return ranges;
  }

  /// Blocks of the range that were wanted.
  block_mask receive(source_id id, const byte_range& range) {
    transfer.on_bytes(id, range.bytes, now);
    const block_mask wanted = transfer.on_blocks(id, range, now);
    return wanted;
  }

  transfer::check store(source_id id, const byte_range& range, block_mask wanted, bool lie = false) {
    auto checked = transfer::check::partial;
    for (std::uint32_t i = 0; i < 64; ++i) {
      if ((wanted >> i & 1) == 0) continue;
      const std::uint32_t block = range.begin / block_bytes + i;
      const digest right = content.leaves[range.piece.value()][block];
      const digest leaf = lie ? wrong_leaf(right) : right;
      const auto result = transfer.on_stored(id, range.piece, block, std::span(&leaf, 1), now);
      if (result != transfer::check::partial) checked = result;
      ++stores[range.piece.value()][block];
    }
    return checked;
  }

  /// The source answers the request at once and its blocks are written.
  transfer::check deliver(source_id id, const byte_range& range, bool lie = false) {
    REQUIRE(transfer.on_piece_begin(id, range, now));
    const block_mask wanted = receive(id, range);
    transfer.on_piece_end(id, range, now);
    return store(id, range, wanted, lie);
  }

  /// Sources answer in turn, request by request, until nothing more is asked.
  void run(std::initializer_list<source_id> sources) {
    std::map<source_id, std::vector<byte_range>> asked;
    bool active = true;
    while (active) {
      active = false;
      for (const auto id : sources) {
        for (const auto& range : ask(id)) asked[id].push_back(range);
        for (const auto& range : cancels(id)) {
          if (std::erase(asked[id], range) != 0) transfer.on_reject(id, range, now);
        }
        if (asked[id].empty()) continue;
        const auto range = asked[id].front();
        asked[id].erase(asked[id].begin());
        deliver(id, range);
        active = true;
      }
      now += 1ms;
    }
  }

  /// Waits for the transfer's own deadline, at most `longest`.
  void sleep_until_deadline(duration longest) {
    now = std::min(transfer.next_deadline(), now + longest);
    transfer.on_deadline(now);
  }

  share content;
  const geometry& shape;
  shoal::transfer transfer;
  time_point now{1s};
  std::vector<std::map<std::uint32_t, std::uint32_t>> stores;  ///< per piece and block: times written
};

}  // namespace shoal::fake
