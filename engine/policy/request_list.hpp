// What one source was asked for and has not answered, request by request, so that each request leaves exactly once.
//
// A request is outstanding until it is answered, rejected or given up. A request is given up when it is withdrawn with
// a cancel, or lost because the source stalled. It then stays known as late, because an answer may still come. A BEP 6
// peer answers a cancel with the piece or a reject; another peer answers with the piece or nothing. late_requests_max
// bounds the late requests. Pure; owned by transfer.
#pragma once

#include <boost/container/devector.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "content/geometry.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

/// A queue in one piece of memory, and no memory before its first entry: a node has three queues for each source.
using boost::container::devector;

/// Late requests remembered per source: two full windows of block-sized requests. A source without BEP 6 never answers
/// a cancel, so the oldest requests are forgotten.
inline constexpr std::size_t late_requests_max = 4096;

struct sent_request {
  byte_range range;
  chunk_index chunk;
  block_mask blocks = 0;  ///< the blocks of the chunk that were asked for
  block_mask live = 0;    ///< blocks still expected from this request: not arrived, not given to another source
  time_point sent;
  bool begun = false;         ///< the header of its answer came
  bool cancelled = false;     ///< withdrawn, and the source was or will be told
  std::uint32_t at_risk = 0;  ///< bytes that may come in vain, because another source was asked for them, too
};

class request_list {
 public:
  void on_sent(const sent_request& request);
  /// The header of an answer came. Returns its request. Nothing if the source was never asked for this, or has answered
  /// already.
  std::optional<sent_request> on_begin(const byte_range& range);
  /// The answer is complete. Returns its request if it was outstanding.
  std::optional<sent_request> on_end(const byte_range& range);
  /// Returns the request with the blocks that must now come from elsewhere; no blocks if it was given up before.
  /// Nothing if there is no such request.
  std::optional<sent_request> on_reject(const byte_range& range);
  /// These blocks are not expected from this source any more. Withdraws each request of which nothing is expected and
  /// whose answer has not begun: see next_cancel.
  void on_not_expected(chunk_index chunk, block_mask blocks);
  /// Withdraws the last request, if there is one and at least `bytes_before` bytes were asked for before it.
  std::optional<sent_request> on_recalled(std::uint64_t bytes_before);
  /// Another source is asked for these blocks, too. They are `bytes` long.
  void on_wagered(chunk_index chunk, block_mask blocks, std::uint32_t bytes);
  /// Every outstanding request is late from now on.
  void on_given_up();
  /// Withdraws late requests whose answer has not begun. Other sources were asked for the same, or this source is asked
  /// again.
  void on_alive();

  /// The next request to withdraw by a cancel.
  std::optional<byte_range> next_cancel();

  /// A begun answer covers this range.
  bool receiving(const byte_range& range) const;
  /// When the oldest given-up request without an answer was sent; nothing if there is none.
  std::optional<time_point> first_owed() const {
    return late_.empty() ? std::nullopt : std::optional(late_.front().sent);
  }
  /// Bytes that may come in vain, over all requests that are neither answered nor rejected.
  std::uint64_t at_risk() const { return at_risk_; }
  const devector<sent_request>& outstanding() const { return outstanding_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(outstanding_.size()); }
  bool empty() const { return outstanding_.empty(); }
  /// Bytes of all outstanding requests.
  std::uint64_t bytes() const { return bytes_; }

  void check_invariants() const;

 private:
  void remember(const sent_request& request);
  devector<sent_request>::iterator withdraw(devector<sent_request>::iterator request);

  devector<sent_request> outstanding_;
  devector<sent_request> late_;
  devector<byte_range> cancels_;
  std::uint64_t bytes_ = 0;
  std::uint64_t at_risk_ = 0;
};

}  // namespace shoal
