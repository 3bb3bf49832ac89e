// What one source was asked for and has not answered, request by request, so that each leaves exactly once.
//
// A request is outstanding until it is answered, rejected or given up. Given up ones (withdrawn with a
// cancel, or lost when the source stalled) stay known as late, up to late_requests_max, because an answer may
// still come: BEP 6 peers answer a cancel with the piece or a reject, others with the piece or nothing. Pure;
// owned by transfer.
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

/// A queue in one piece of memory, and none while nothing was in it: a node has three for each source.
using boost::container::devector;

/// Late requests remembered per source: two full windows of block-sized requests. Sources without BEP 6 never
/// answer a cancel, so the oldest are forgotten.
inline constexpr std::size_t late_requests_max = 4096;

struct sent_request {
  byte_range range;
  chunk_index chunk;
  block_mask blocks = 0;  ///< of the chunk, asked for
  block_mask live = 0;    ///< still expected from this request: not arrived, not given to another source
  time_point sent;
  bool begun = false;         ///< the header of its answer came
  bool cancelled = false;     ///< withdrawn, and the source was or will be told
  std::uint32_t at_risk = 0;  ///< bytes that may come in vain, because another source was asked for them, too
};

class request_list {
 public:
  void on_sent(const sent_request& request);
  /// The header of an answer came. Nothing if the source was never asked for this or has answered already;
  /// else the request.
  std::optional<sent_request> on_begin(const byte_range& range);
  /// The answer is complete. The request if it was outstanding.
  std::optional<sent_request> on_end(const byte_range& range);
  /// The request with the blocks that must now come from elsewhere (none if it was given up before); nothing
  /// if there is no such request.
  std::optional<sent_request> on_reject(const byte_range& range);
  /// These blocks are not expected from this source any more. Requests that nothing of is expected and whose
  /// answer has not begun are withdrawn: see next_cancel.
  void on_not_expected(chunk_index chunk, block_mask blocks);
  /// Withdraws the last request, if there is one and so many bytes were asked for before it.
  std::optional<sent_request> on_recalled(std::uint64_t bytes_before);
  /// Another source is asked for these blocks, too, of so many bytes.
  void on_wagered(chunk_index chunk, block_mask blocks, std::uint32_t bytes);
  /// Everything outstanding is late from now on.
  void on_given_up();
  /// Withdraws late requests whose answer has not begun: others were asked for the same, or the source is asked again.
  void on_alive();

  /// The next request to withdraw by a cancel.
  std::optional<byte_range> next_cancel();

  /// A begun answer covers this range.
  bool receiving(const byte_range& range) const;
  /// When the request was sent that was given up first of those that are not answered, if there is one.
  std::optional<time_point> first_owed() const {
    return late_.empty() ? std::nullopt : std::optional(late_.front().sent);
  }
  /// Bytes that may come in vain, of all requests that are neither answered nor rejected.
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
