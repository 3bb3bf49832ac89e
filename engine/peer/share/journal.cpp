#include "peer/share/journal.hpp"

#include <algorithm>

#include "net/offload.hpp"
#include "observe/log.hpp"

namespace shoal {

journal::journal(peer_context& context, const share_id& id, std::shared_ptr<content_files> files, bitmap safe)
    : context_(context),
      id_(id),
      files_(std::move(files)),
      safe_(std::move(safe)),
      saved_count_(safe_.count()),
      wake_(context.executor) {}

void journal::stop() {
  stopped_ = true;
  wake_.set();
}

awaitable<void> journal::run(const bitmap& verified) {
  const auto begun = clock::now();
  auto next_flush = begun + journal_interval;
  while (!stopped_) {
    (void)co_await wake_.wait_until(clock::now() + journal_interval);
    const auto now = clock::now();
    const bool flush = now >= next_flush;
    if (verified.count() != saved_count_ || (flush && verified.count() != safe_.count())) {
      co_await save(verified, flush);
    }
    if (!flush) continue;
    // A slow disk has as long for others as each flush takes.
    const auto ended = clock::now();
    const duration pause = std::max<duration>((ended - begun) / 4, ended - now);
    next_flush = ended + std::clamp<duration>(pause, journal_interval, flush_interval_max);
  }
  // The end may have come during a save, which a flush makes long.
  if (verified.count() != saved_count_) co_await save(verified, false);
}

awaitable<void> journal::save(const bitmap& verified, bool flush) {
  const bitmap now_verified = verified;
  std::optional<error> lost;
  auto write = [this, now_verified, flush, &lost]() -> result<void> {
    if (flush) {
      // Written down before the flush as well, which may take long.
      auto pending = context_.database.save_progress(id_, safe_.to_bytes(), now_verified.to_bytes());
      if (!pending) return pending;
      auto flushed = files_->flush();
      if (!flushed) {
        lost = flushed.error();
        return flushed;
      }
      safe_ = now_verified;
    }
    return context_.database.save_progress(id_, safe_.to_bytes(), now_verified.to_bytes());
  };
  const auto written = co_await offload(context_.background, std::move(write));
  // For want of descriptors it is tried again.
  if (lost && lost->code != errc::limit) lost_ = std::move(lost);
  if (written) {
    saved_count_ = now_verified.count();
  } else if (failures_logged_.pass(clock::now())) {
    log_warn("journal fails share={} error=\"{}\" unlogged={}", id_.hex().substr(0, 12), written.error().text,
             failures_logged_.take_left_out());
  }
}

}  // namespace shoal
