// Writes down which pieces of a download are verified, so that the download goes on where a killed process was.
//
// Two bitmaps. `safe` pieces were flushed to disk before they were written down, and are trusted. `pending` pieces are
// verified but perhaps not on disk, and are hashed again. Pending is saved a few times a second, safe after a flush
// every few seconds. The background thread does both. What could not be saved is saved as soon as that can be done.
// Owned by download. DESIGN: "Invariants".
#pragma once

#include <memory>
#include <optional>

#include "core/bitmap.hpp"
#include "net/event.hpp"
#include "net/use_tuple.hpp"
#include "observe/log_limit.hpp"
#include "peer/session/peer_context.hpp"
#include "store/content_files.hpp"

namespace shoal {

/// What a kill may cost: pieces of this last time are fetched again.
inline constexpr duration journal_interval = std::chrono::milliseconds(250);
/// What a power failure may cost: pieces of this last time are hashed again. A young download flushes more often, so
/// that its end need not wait for all of it. If the disk is fast, it flushes each time when it is older by a quarter.
inline constexpr duration flush_interval_max = std::chrono::seconds(5);

class journal {
 public:
  /// `safe`: pieces that are trusted already.
  journal(peer_context& context, const share_id& id, std::shared_ptr<content_files> files, bitmap safe);

  /// Saves `verified`, which outlives run(), until stop(), and once more then.
  awaitable<void> run(const bitmap& verified);
  void stop();
  /// The error of a flush, once one failed: what was written since the last one may be lost. Null: none failed.
  const error* lost() const { return lost_ ? &*lost_ : nullptr; }

 private:
  awaitable<void> save(const bitmap& verified, bool flush);

  peer_context& context_;
  share_id id_;
  std::shared_ptr<content_files> files_;
  bitmap safe_;
  std::uint32_t saved_count_ = 0;
  std::optional<error> lost_;
  log_limit failures_logged_;
  bool stopped_ = false;
  event wake_;
};

}  // namespace shoal
