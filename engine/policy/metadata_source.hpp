// What one source of metadata was asked for and has not answered, and how much more it may be asked for.
//
// At first a source is asked for much at once, since nobody knows yet how far away it is. A source that rejects, or is
// silent for metadata_deadline, is left alone for a while. Then it is asked for one thing only, and for more with each
// useful answer. Pure; owned by metadata_fetch, which says what to ask for.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "content/merkle.hpp"
#include "core/time.hpp"

namespace shoal {

/// A source that has not answered a metadata or hash request after this long gets no more requests. That ends when the
/// source answers, or when a pause is over.
inline constexpr duration metadata_deadline = std::chrono::seconds(3);
/// Bytes of answers in flight at one source. That is 64 pieces: the info dictionary of 10,000 files in one round trip.
/// Foreign clients queue that many (libtorrent 1,024). More pieces gain little, and arrive after the asker has left.
inline constexpr std::uint32_t metadata_bytes_max = 1 * MiB;
/// Requests in flight at one source. Layers of small files are short, so bytes alone do not bound the requests. It is
/// half of what a node lets wait before it rejects.
inline constexpr std::uint32_t metadata_requests_max = 1024;
/// Pause after a reject: the first, and the longest. Each pause is twice as long as the one before.
inline constexpr duration metadata_pause_min = std::chrono::milliseconds(250);
inline constexpr duration metadata_pause_max = std::chrono::seconds(4);
/// A silent source is asked again after this long: it may have dropped its requests.
inline constexpr duration silence_pause = std::chrono::seconds(3);
/// Given-up requests that a source may still answer. Older ones are forgotten.
inline constexpr std::size_t metadata_late_max = metadata_requests_max;

/// A piece of the info dictionary (BEP 9).
struct info_piece_request {
  std::uint32_t piece = 0;
  friend bool operator==(const info_piece_request&, const info_piece_request&) = default;
};
using metadata_request = std::variant<info_piece_request, hash_range>;

class metadata_source {
 public:
  /// `info_bytes`: the size of the info dictionary, as the source says. 0: it says nothing, or is not believed.
  metadata_source(std::uint32_t info_bytes, time_point now) : info_bytes(info_bytes), heard_(now) {}

  /// The source may be asked for one thing more.
  bool can_be_asked(time_point now) const;
  /// The source is so idle that it may be asked for what others were asked for a moment ago. A source that proved
  /// useful may have more such duplicates: at most four times the useful ones, plus one for each source.
  bool may_duplicate() const { return asked_.size() < duplicates_max_; }
  /// The source was silent for so long that others are asked. It is asked for more when it answers.
  bool late(time_point now) const;
  bool waits_for(const metadata_request& what) const;

  void on_asked(const metadata_request& what, time_point now);
  /// The source answered in any way. False if it was never asked for `what`.
  bool on_answer(const metadata_request& what, time_point now);
  /// The answer was of use.
  void on_useful();
  void on_reject(time_point now);
  /// The source's deadline passed. This method and the next two return the requests that others must now be asked for.
  std::deque<metadata_request> on_silence(time_point now);
  std::deque<metadata_request> on_banned();
  std::deque<metadata_request> give_up();
  /// The info dictionary is there: no request for it is needed any more.
  void on_info_known();
  /// Ends pauses that are over.
  void on_deadline(time_point now);

  bool banned() const { return banned_; }
  bool idle() const { return asked_.empty(); }
  /// When the source must have answered. never if nothing was asked.
  time_point deadline() const;
  /// When its pause is over; never if it has no pause.
  time_point pause_end() const { return pause_end_.value_or(never); }

  void check_invariants() const;

  std::uint32_t info_bytes;

 private:
  struct asked_request {
    metadata_request what;
    time_point sent;
  };

  time_point heard_;
  std::deque<asked_request> asked_;
  std::uint64_t bytes_asked_ = 0;
  std::deque<metadata_request> late_;  ///< given up, may still be answered
  std::uint32_t requests_max_ = metadata_requests_max;
  std::uint32_t duplicates_max_ = 1;
  std::optional<time_point> pause_end_;
  duration reject_pause_ = metadata_pause_min;
  bool silent_ = false;  ///< the pause is for silence
  bool useful_ = false;
  bool banned_ = false;
};

}  // namespace shoal
