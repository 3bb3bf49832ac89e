// Storing what arrived: hash and write on the worker pool, then tell transfer and the share.
//
// A few coroutines at a time carry what waits to the pool, each as much as makes a full batch of leaves: one large
// buffer, or all the small files that came while the workers were busy, hashed together and with one hop for all.

#include <algorithm>
#include <thread>

#include "net/offload.hpp"
#include "peer/download.hpp"
#include "peer/session.hpp"
#include "peer/share.hpp"

namespace shoal {

namespace {

// What one hop carries, unless a single buffer is more: a batch of leaves.
constexpr std::uint32_t store_bytes_max = 256 * 1024;

// Hops at a time: each worker finds the next one waiting when it ends one.
std::size_t storers_max() {
  static const std::size_t count = 2 * std::max(1u, std::thread::hardware_concurrency());
  return count;
}

// Consecutive blocks of a range.
struct block_run {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

template <class Do>
void for_each_run(block_mask blocks, Do&& act) {
  while (blocks != 0) {
    const auto first = static_cast<std::uint32_t>(std::countr_zero(blocks));
    const auto count = static_cast<std::uint32_t>(std::countr_one(blocks >> first));
    act(block_run{first, count});
    blocks &= ~blocks_from(first, count);
  }
}

result<void> write_wanted(content_files& files, const byte_range& range, block_mask wanted, const std::uint8_t* data) {
  result<void> done;
  for_each_run(wanted, [&](const block_run& run) {
    if (!done) return;
    const std::uint32_t offset = run.first * block_bytes;
    const std::uint32_t bytes = std::min(run.count * block_bytes, range.bytes - offset);
    done = files.write(range.piece, range.begin + offset, {data + offset, bytes});
  });
  return done;
}

}  // namespace

void download::on_blocks(session& from, const byte_range& range, buffer_pool::buffer buffer) {
  block_mask wanted = 0;
  // After stop() nobody may wait for the stores any more.
  if (transfer_ && attached(from) && !stopped_ && !ended()) {
    wanted = transfer_->on_blocks(*from.source, range, clock::now());
  }
  if (wanted == 0) {
    context_.buffers.release(std::move(buffer));
    return;
  }
  ++storing_;
  arrivals_.push_back({*from.source, range, wanted, std::move(buffer)});
  if (storers_ == storers_max()) return;
  ++storers_;
  stores_.spawn("store", store_arrivals());
}

awaitable<void> download::store_arrivals() {
  std::vector<arrival> batch;
  while (!arrivals_.empty()) {
    std::uint32_t bytes = 0;
    while (!arrivals_.empty() && (batch.empty() || bytes + arrivals_.front().range.bytes <= store_bytes_max)) {
      bytes += arrivals_.front().range.bytes;
      batch.push_back(std::move(arrivals_.front()));
      arrivals_.pop_front();
    }
    auto work = [files = share_.files(), &batch] {
      std::vector<byte_view> blocks;
      for (const arrival& one : batch) {
        for (std::uint32_t begin = 0; begin < one.range.bytes; begin += block_bytes) {
          blocks.emplace_back(one.buffer.get() + begin, std::min(block_bytes, one.range.bytes - begin));
        }
      }
      std::vector<digest> leaves(blocks.size());
      sha256_blocks(blocks, leaves);
      auto next = leaves.begin();
      for (arrival& one : batch) {
        const auto end = next + (one.range.bytes + block_bytes - 1) / block_bytes;
        one.leaves.assign(next, end);
        next = end;
        one.written = write_wanted(*files, one.range, one.wanted, one.buffer.get());
      }
      return true;
    };
    co_await offload(context_.workers, std::move(work));
    for (arrival& one : batch) on_arrival_stored(one);
    if (phase_ == download_phase::downloading) {
      follow_decisions();
      std::vector<source_id> asked;
      for (const arrival& one : batch) {
        if (std::find(asked.begin(), asked.end(), one.from) != asked.end()) continue;
        asked.push_back(one.from);
        if (session* from = session_of(one.from)) pump(*from);
      }
      if (transfer_->complete()) wake_.set();
    }
    batch.clear();
  }
  --storers_;
}

void download::on_arrival_stored(arrival& one) {
  --storing_;
  context_.buffers.release(std::move(one.buffer));
  const auto now = clock::now();
  for_each_run(one.wanted, [&](const block_run& run) {
    const std::uint32_t first_block = one.range.begin / block_bytes + run.first;
    if (!one.written) {
      transfer_->on_store_failed(one.range.piece, first_block, run.count, now);
      return;
    }
    const auto part = std::span(one.leaves).subspan(run.first, run.count);
    if (transfer_->on_stored(one.from, one.range.piece, first_block, part, now) == transfer::check::verified) {
      share_.on_piece_verified(one.range.piece);
    }
  });
  if (!one.written) fail(one.written.error());
}

}  // namespace shoal
