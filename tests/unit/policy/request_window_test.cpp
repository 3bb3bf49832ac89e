#include "policy/request_window.hpp"

#include <catch2/catch.hpp>

#include "core/sha256.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

struct fixture {
  request_window window{1 * MiB, 100, 1 * MiB};
  time_point now{1s};

  /// Busy at this rate for this long.
  void receive(double rate, duration span, duration step = 10ms) {
    window.on_sent(now);
    for (const time_point end = now + span; now < end;) {
      now += step;
      window.on_bytes(static_cast<std::uint32_t>(rate * std::chrono::duration<double>(step).count()), now);
    }
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a source that is not known yet gets two chunks in requests of the initial size") {
  CHECK(window.request_bytes() == request_bytes_initial);
  CHECK(window.bytes_max() == 2 * MiB);
  CHECK(window.admits(2 * MiB - request_bytes_initial, 7));
  CHECK_FALSE(window.admits(2 * MiB, 8));
  CHECK_FALSE(window.admits(0, 100));
  CHECK(window.silence_max(1 * MiB) == stall_deadline_min);
}

TEST_CASE_METHOD(fixture, "size of requests and window follow the rate") {
  receive(100e6, 1s);
  CHECK(window.rate() == Approx(100e6).epsilon(0.02));
  CHECK(window.request_bytes() == 1 * MiB);
  CHECK(window.bytes_max() == Approx(10e6).epsilon(0.02));
  receive(1.2e6, 10s);
  CHECK(window.rate() == Approx(1.2e6).epsilon(0.05));
  CHECK(window.request_bytes() == 256 * KiB);
  CHECK(window.bytes_max() == 2 * MiB);
  receive(20e3, 10s, 100ms);
  CHECK(window.request_bytes() == block_bytes);
  CHECK(window.bytes_max() == Approx(40e3).epsilon(0.1));
  CHECK(window.admits(block_bytes, 1));
}

TEST_CASE_METHOD(fixture, "a far source gets twice what is under way") {
  window.on_answer(500ms);
  window.on_answer(300ms);
  window.on_answer(400ms);
  receive(10e6, 2s);
  CHECK(window.bytes_max() == Approx(6e6).epsilon(0.02));
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
