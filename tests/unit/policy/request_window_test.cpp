#include "policy/request_window.hpp"

#include <catch2/catch.hpp>

#include "core/sha256.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

struct fixture {
  request_window window{1 * MiB, 100, 1 * MiB, {}, 1 * GiB};
  time_point now{1s};

  /// Busy at this rate for this long.
  void receive(request_window& of, double rate, duration span, duration step = 10ms) {
    of.on_sent(now);
    for (const time_point end = now + span; now < end;) {
      now += step;
      of.on_bytes(static_cast<std::uint32_t>(rate * std::chrono::duration<double>(step).count()), now);
    }
  }
  void receive(double rate, duration span, duration step = 10ms) { receive(window, rate, span, step); }
  static request_window far(duration round_trip, std::uint64_t start_bytes_max = 1 * GiB) {
    return request_window(1 * MiB, 2048, 1 * MiB, round_trip, start_bytes_max);
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a near source that is not known yet gets two chunks in requests of the initial size") {
  CHECK(window.request_bytes() == request_bytes_initial);
  CHECK(window.bytes_max() == 2 * MiB);
  CHECK(window.admits(2 * MiB - request_bytes_initial, 7, request_bytes_initial));
  CHECK_FALSE(window.admits(2 * MiB, 8, request_bytes_initial));
  CHECK_FALSE(window.admits(0, 100, request_bytes_initial));
  CHECK(window.silence_max(1 * MiB) == stall_deadline_min);
}

TEST_CASE_METHOD(fixture, "a far source starts with what a fast link holds, but not with all there is") {
  CHECK(far(200ms).bytes_max() == 100'000'000);
  CHECK(far(200ms, 10 * MiB).bytes_max() == 10 * MiB);
  CHECK(far(200ms, 0).bytes_max() == 2 * MiB);
  CHECK(far(10ms).bytes_max() == 2 * MiB);
  CHECK(far(600ms).silence_max(block_bytes) == 2400ms);
}

TEST_CASE_METHOD(fixture, "the window doubles with each round trip until answers wait at the source") {
  request_window window = far(100ms, 2 * MiB);
  std::uint64_t asked = window.bytes_max();
  for (int round = 0; round < 4; ++round) {
    window.on_sent(now);
    now += 100ms;
    window.on_answer(100ms, now);
    // A burst, and then nothing until the next round trip.
    for (int i = 0; i < 10; ++i) {
      now += 1ms;
      window.on_bytes(static_cast<std::uint32_t>(asked / 10), now);
    }
    CHECK(window.bytes_max() >= 2 * asked - 10);
    asked *= 2;
  }
  window.on_answer(400ms, now);
  receive(window, 20e6, 10s);
  CHECK(window.bytes_max() == Approx(20e6 * 0.3).epsilon(0.05));
}

TEST_CASE_METHOD(fixture, "the way to a far source is no part of its rate") {
  request_window window = far(100ms, 1 * MiB);
  for (int round = 0; round < 20; ++round) {
    window.on_sent(now);
    now += 100ms;
    window.on_answer(100ms, now);
    receive(window, 100e6, 10ms, 1ms);
  }
  CHECK(window.rate() == Approx(100e6).epsilon(0.3));
}

TEST_CASE_METHOD(fixture, "size of requests and window follow the rate") {
  window.on_answer(1ms, now);
  window.on_answer(200ms, now);
  receive(100e6, 1s);
  CHECK(window.rate() == Approx(100e6).epsilon(0.02));
  CHECK(window.request_bytes() == 1 * MiB);
  CHECK(window.bytes_max() == Approx(10.2e6).epsilon(0.02));
  receive(1.2e6, 10s);
  CHECK(window.rate() == Approx(1.2e6).epsilon(0.05));
  CHECK(window.request_bytes() == 512 * KiB);
  CHECK(window.bytes_max() == 2 * window.request_bytes());
  receive(20e3, 10s, 100ms);
  CHECK(window.request_bytes() == block_bytes);
  CHECK(window.bytes_max() == 2 * block_bytes);
  CHECK(window.admits(block_bytes, 1, block_bytes));
}

TEST_CASE_METHOD(fixture, "a far source gets twice what is under way") {
  window.on_answer(500ms, now);
  window.on_answer(300ms, now);
  window.on_answer(800ms, now);
  receive(10e6, 2s);
  CHECK(window.bytes_max() == Approx(7e6).epsilon(0.02));
}

TEST_CASE_METHOD(fixture, "silence is judged by the rate, and pauses do not count") {
  receive(10e3, 2s, 100ms);
  CHECK(window.silence_max(block_bytes) > 6s);
  CHECK(window.rate_at(now) == Approx(window.rate()));
  CHECK(window.rate_at(now + 10s) < 0.5 * window.rate());
  window.on_idle(now);
  now += 1h;
  CHECK(window.rate_at(now) == Approx(window.rate()));
  window.on_restart();
  CHECK(window.bytes_max() == 2 * MiB);
  CHECK(window.rate() == 0);
}

TEST_CASE_METHOD(fixture, "a source that stood still soon after it began is about as fast as before") {
  receive(10e6, 50ms, 5ms);
  now += 700ms;
  window.on_bytes(16 * KiB, now);
  CHECK(window.rate() > 7e6);
  CHECK(window.rate() < 10e6);
}
