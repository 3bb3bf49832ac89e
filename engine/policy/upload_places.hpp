// How many leechers to serve at the same time: as few as keep the uplink busy.
//
// Few, for two reasons: what goes to n leechers at once reaches each n times later, and n streams disturb each other on
// a slow uplink.
//
// A leecher's own requests share its uplink. So a leecher has one place for each upload_place_rate that it serves, up
// to upload_places_usual (as libtorrent's rate-based choker).
//
// A seeder has upload_places_usual places. A fast seeder may have more, because a few leechers with slow downlinks
// cannot fill its uplink. It tries twice as many places, and keeps them if leechers then take much more. It also tries
// half as many, and keeps those if leechers then take hardly less.
//
// Pure, no clock. Owned by choker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// Bytes per second; 2.5 Mbit/s.
inline constexpr double upload_place_rate = 2.5e6 / 8;
/// Bytes per second; 50 Mbit/s. A slower seeder has no more than the usual places: with 40 Mbit/s to share, a trial
/// costs more than it brings. So leechers that take less than 6 Mbit/s each leave a faster seeder partly idle.
inline constexpr double upload_climb_rate = 50e6 / 8;
/// One: what a slow uplink sends to two leechers at once is late for both, and until then neither can pass it on.
inline constexpr std::size_t upload_places_min = 1;
/// In the simulator, four to eight places serve a crowd of a hundred best.
inline constexpr std::size_t upload_places_usual = 8;
inline constexpr std::size_t upload_places_max = 64;
/// The period over which rates are measured.
inline constexpr duration upload_rate_period = std::chrono::milliseconds(250);
/// A leecher's places fall no faster than by this factor in a period: demand comes and goes.
inline constexpr double upload_places_fall = 0.9;
/// Twice as many places must serve at least upload_more_gain times as much. Half as many must serve at least
/// upload_fewer_loss times as much.
inline constexpr double upload_more_gain = 1.3;
inline constexpr double upload_fewer_loss = 0.9;
/// Periods without trials, before the first trial and after a failed one: the least and the most. At the beginning the
/// kernel's buffers take more than the uplink carries.
inline constexpr int upload_rest_min = 4;
inline constexpr int upload_rest_max = 64;

/// The uplink has room if it carries less than this part of its best rate. Each rate is measured for
/// upload_room_period: only whole answers are counted, and answers to several leechers often end together. Then
/// leechers that are held back are served for upload_room_duration, however busy the uplink is. Otherwise a leecher
/// that takes little could keep what others could take.
inline constexpr double upload_room_rate = 0.5;
inline constexpr duration upload_room_period = std::chrono::seconds(1);
inline constexpr duration upload_room_duration = std::chrono::seconds(8);
/// The best rate counts for less with each period, because rates change.
inline constexpr double upload_best_decay = 0.95;
/// The uplink also has room in three more cases:
/// - its rate is not known yet
/// - more than the usual places are needed to fill it
/// - nothing was sent for this long
inline constexpr duration upload_silence_max = std::chrono::seconds(1);

/// Periods of a trial. Only the last one counts: requests from before are still served, and newcomers need a round
/// trip.
inline constexpr int upload_trial_periods = 2;

class upload_places {
 public:
  std::size_t count() const { return count_; }
  /// This node holds the whole share from now on.
  void on_seeding();
  /// `bytes` were sent. `others_wait`: leechers wait for a place. While nobody waits, the number makes no difference
  /// and nothing is tried.
  void on_served(std::uint64_t bytes, bool others_wait, time_point now);
  /// The uplink could carry more than leechers ask for.
  bool has_room(time_point now) const {
    return count_ > upload_places_usual || rate_best_ <= 0 || now < room_until_ || now >= room_at();
  }
  /// A leecher that was held back is served. If that is because nothing was sent, those who were preferred to it take
  /// little, so the room stays for a while.
  void on_held_back_served(time_point now) {
    if (now >= room_at()) room_until_ = now + upload_room_duration;
  }
  /// When the uplink has room at the latest, if nothing is sent until then.
  time_point room_at() const { return served_at_ + upload_silence_max; }

 private:
  enum class trial : std::uint8_t { none, more, fewer };
  /// Ends the trial; starts none for a while.
  void rest();
  void climb(double rate);
  void look_for_room(std::uint64_t bytes, time_point now);

  bool seeding_ = false;
  std::size_t count_ = upload_places_min;
  // This period.
  time_point began_{};
  std::uint64_t served_ = 0;
  bool others_wait_ = true;  ///< during the whole period
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
