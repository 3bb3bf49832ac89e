// How many leechers to serve at the same time: as few as keep the uplink busy.
//
// Few, because what goes to n at once reaches each n times later, and n streams through a slow uplink get into each
// other's way. A leecher, whose own requests go the same way, has one place for each upload_place_rate that it serves,
// up to upload_places_usual (as libtorrent's rate-based choker). A seeder has as many as that; a fast one may have
// more, because leechers with slow downlinks take together what few of them cannot: it tries twice as many, and keeps
// them if they take much more; or half as many, and keeps them if they take hardly less.
//
// Pure, no clock. Owned by choker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// Bytes per second: 2.5 Mbit/s.
inline constexpr double upload_place_rate = 2.5e6 / 8;
/// A seeder that serves less than this, 50 Mbit/s, has no more than the usual places: with 40 to share a trial costs
/// more than it brings. Leechers that take less than 6 Mbit/s each leave a faster seeder idle, therefore.
inline constexpr double upload_climb_rate = 50e6 / 8;
/// One: what a slow uplink sends to two at once is late for both, and until then nobody can pass it on.
inline constexpr std::size_t upload_places_min = 1;
/// A simulated crowd of a hundred is served best by four to eight.
inline constexpr std::size_t upload_places_usual = 8;
inline constexpr std::size_t upload_places_max = 64;
/// Rates are measured over this.
inline constexpr duration upload_rate_period = std::chrono::milliseconds(250);
/// A leecher's number falls no faster than by this factor in a period: demand comes and goes.
inline constexpr double upload_places_fall = 0.9;
/// Twice as many must serve so many times as much, half of them so many times.
inline constexpr double upload_more_gain = 1.3;
inline constexpr double upload_fewer_loss = 0.9;
/// Periods without trials, after one that failed or before the first: buffers of the kernel take more at the beginning
/// than the uplink carries. At least and at most.
inline constexpr int upload_rest_min = 4;
inline constexpr int upload_rest_max = 64;

/// The uplink has room if it carries less than this part of what it did, each measured for a second, because whole
/// answers are counted, and those to several often end together. After that who is held back is served for so
/// long, however busy it is: a leecher that takes little must not keep what others could take.
inline constexpr double upload_room_rate = 0.5;
inline constexpr duration upload_room_period = std::chrono::seconds(1);
inline constexpr duration upload_room_duration = std::chrono::seconds(8);
/// What it carried counts for less with each period, because rates change.
inline constexpr double upload_best_decay = 0.95;
/// It has room also until it is known what it carries, while it takes more than the usual places to fill it, and if
/// nothing was sent for this long.
inline constexpr duration upload_silence_max = std::chrono::seconds(1);

/// Periods of a trial. The last one counts: what was asked for before is served still, and newcomers need a round trip.
inline constexpr int upload_trial_periods = 2;

class upload_places {
 public:
  std::size_t count() const { return count_; }
  /// We hold everything from now on.
  void on_seeding();
  /// `others_wait`: for a place. While nobody does the number makes no difference, and nothing is tried.
  void on_served(std::uint64_t bytes, bool others_wait, time_point now);
  /// More could be sent than is asked for.
  bool has_room(time_point now) const {
    return count_ > upload_places_usual || rate_best_ <= 0 || now < room_until_ || now >= room_at();
  }
  /// It has room from then on, if nothing is sent until then.
  time_point room_at() const { return served_at_ + upload_silence_max; }

 private:
  enum class trial : std::uint8_t { none, more, fewer };
  /// No trial for a while.
  void rest();
  void climb(double rate);
  void look_for_room(std::uint64_t bytes, time_point now);

  bool seeding_ = false;
  std::size_t count_ = upload_places_min;
  // This period.
  time_point began_{};
  std::uint64_t served_ = 0;
  bool others_wait_ = true;  ///< all the time
  // What the uplink carries.
  time_point long_began_{};
  std::uint64_t served_long_ = 0;
  time_point served_at_{};
  double rate_best_ = 0;  ///< bytes per second
  time_point room_until_{};
  // Of a seeder.
  trial trying_ = trial::none;
  trial next_ = trial::more;
  double rate_before_ = 0;              ///< bytes per second, before the trial
  int periods_left_ = upload_rest_min;  ///< of the trial or the rest
  int rest_next_ = upload_rest_min;     ///< periods, after a trial that fails
};

}  // namespace shoal
