// What one source of metadata was asked for and has not answered, and how much more it may be asked for.
//
// A source is asked for much at once, since nobody knows yet how far away it is. One that is silent for
// metadata_deadline or rejects is left alone for a while and then asked for one thing only, and for more with each
// useful answer. Pure; owned by metadata_fetch, which says what to ask for.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "content/merkle.hpp"
#include "core/time.hpp"

namespace shoal {

/// A source that has not answered a metadata or hash request after this long is asked for nothing until it does, or
/// until a pause is over.
inline constexpr duration metadata_deadline = std::chrono::seconds(3);
/// Bytes of answers in flight at one source: 64 pieces of an info dictionary, which is that of 10,000 files, in one
/// round trip. Foreign clients queue that many (libtorrent 1,024); more gain little and arrive after who left.
inline constexpr std::uint32_t metadata_bytes_max = 1 * MiB;
/// Requests in flight at one source: layers of small files are short, so that bytes alone do not bound them. Half of
/// what a node lets wait before it rejects.
inline constexpr std::uint32_t metadata_requests_max = 1024;
/// A source that rejects is asked again after the first of these, and after twice as long each time, up to the last.
inline constexpr duration metadata_pause_min = std::chrono::milliseconds(250);
inline constexpr duration metadata_pause_max = std::chrono::seconds(4);
/// A silent source is asked again after this long: it may have dropped what it was asked for.
inline constexpr duration silence_pause = std::chrono::seconds(3);
/// Requests given up that a source may still answer; older ones are forgotten.
inline constexpr std::size_t metadata_late_max = metadata_requests_max;

/// A piece of the info dictionary (BEP 9).
struct info_piece_request {
  std::uint32_t piece = 0;
  friend bool operator==(const info_piece_request&, const info_piece_request&) = default;
};
using metadata_request = std::variant<info_piece_request, hash_range>;

class metadata_source {
 public:
  /// `info_bytes`: what it says about the size of the info dictionary; 0: nothing, or nothing that is believed.
  metadata_source(std::uint32_t info_bytes, time_point now) : info_bytes(info_bytes), heard_(now) {}

  /// Nothing forbids to ask it for one thing more.
  bool can_be_asked(time_point now) const;
  /// It is so idle that it may be asked for what others were asked for a moment ago. A source that proved useful may
  /// have more of it: altogether no more than four times what was useful, and one for each source.
  bool may_duplicate() const { return asked_.size() < duplicates_max_; }
  /// It was silent so long that others are asked; it is asked for more when it answers.
  bool late(time_point now) const;
  bool waits_for(const metadata_request& what) const;

  void on_asked(const metadata_request& what, time_point now);
  /// It answered, whatever. False if it was never asked for that.
  bool on_answer(const metadata_request& what, time_point now);
  /// The answer was of use.
  void on_useful();
  void on_reject(time_point now);
  /// Its deadline passed. As all that return requests: those that others must be asked for now.
  std::deque<metadata_request> on_silence(time_point now);
  std::deque<metadata_request> on_banned();
  std::deque<metadata_request> give_up();
  /// The info dictionary is there: nothing that was asked for is needed.
  void on_info_known();
  /// Pauses that are over end.
  void on_deadline(time_point now);

  bool banned() const { return banned_; }
  bool idle() const { return asked_.empty(); }
  /// When it must have answered; never if it was asked for nothing.
  time_point deadline() const;
  /// When its pause is over; never if it has none.
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
