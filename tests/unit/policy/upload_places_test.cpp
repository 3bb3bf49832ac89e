#include "policy/upload_places.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/bytes.hpp"

namespace shoal {

namespace {

/// What `places` says after a while in which each place serves `rate` bytes per second, all together at most `uplink`.
std::size_t settled(upload_places& places, double rate, double uplink, time_point& now) {
  constexpr duration step = std::chrono::milliseconds(10);
  for (int i = 0; i < 2'000; ++i) {
    now += step;
    const double served = std::min(static_cast<double>(places.count()) * rate, uplink);
    places.on_served(static_cast<std::uint64_t>(served * std::chrono::duration<double>(step).count()), true, now);
  }
  return places.count();
}

}  // namespace

TEST_CASE("a leecher has a place for each 2.5 Mbit/s, up to the usual number") {
  upload_places places;
  time_point now{std::chrono::hours(1)};
  CHECK(places.count() == upload_places_min);
  CHECK(settled(places, 2 * upload_place_rate, upload_place_rate, now) == upload_places_min);
  CHECK(settled(places, 2 * upload_place_rate, 4.5 * upload_place_rate, now) == 4);
  CHECK(settled(places, 2 * upload_place_rate, 100 * upload_place_rate, now) == upload_places_usual);
  CHECK(settled(places, upload_place_rate / 4, 100 * upload_place_rate, now) == upload_places_min);
}

TEST_CASE("a seeder has as many as take more together, and no more") {
  upload_places places;
  places.on_seeding();
  time_point now{std::chrono::hours(1)};
  const auto is_settled = [&](double rate, double uplink, std::size_t count) {
    const std::size_t found = settled(places, rate, uplink, now);
    // It may be trying at the moment.
    return found == count || found == 2 * count || found == count / 2;
  };
  CHECK(is_settled(upload_climb_rate / 4, 50 * upload_climb_rate, upload_places_max));
  CHECK(is_settled(upload_climb_rate / 4, 4 * upload_climb_rate, 16));
  CHECK(is_settled(10 * upload_climb_rate, 10 * upload_climb_rate, upload_places_usual));
  CHECK(settled(places, upload_climb_rate / 10, 10 * upload_climb_rate, now) == upload_places_usual);
}

TEST_CASE("while nobody waits nothing is tried") {
  upload_places places;
  places.on_seeding();
  for (int i = 0; i < 1'000; ++i) {
    places.on_served(1 * MiB, false, time_point{i * upload_rate_period});
    CHECK(places.count() == upload_places_usual);
  }
}

TEST_CASE("the uplink has room when it carries much less than it did, and when it rests") {
  upload_places places;
  time_point now{std::chrono::hours(1)};
  const auto serve = [&](double rate, duration span) {
    constexpr duration step = std::chrono::milliseconds(100);
    for (duration done{}; done < span; done += step) {
      now += step;
      places.on_served(static_cast<std::uint64_t>(rate / 10), true, now);
    }
  };
  serve(1e6, upload_room_period / 2);
  CHECK(places.has_room(now));
  serve(1e6, 2 * upload_room_period);
  CHECK_FALSE(places.has_room(now));
  serve(0.7e6, 2 * upload_room_period);
  CHECK_FALSE(places.has_room(now));
  serve(0.2e6, 2 * upload_room_period);
  CHECK(places.has_room(now));
  serve(1e6, upload_room_duration + upload_room_period);
  CHECK_FALSE(places.has_room(now));
  CHECK(places.has_room(places.room_at()));
}

TEST_CASE("a pause of the leechers costs few places") {
  upload_places places;
  time_point now{std::chrono::hours(1)};
  CHECK(settled(places, 2 * upload_place_rate, 40 * upload_place_rate, now) == upload_places_usual);
  now += std::chrono::minutes(10);
  places.on_served(1, true, now);
  CHECK(places.count() >= upload_places_usual / 2);
}

}  // namespace shoal
