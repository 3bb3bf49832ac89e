#include "policy/forecast.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace shoal;
using namespace std::chrono_literals;

namespace {

sent_request request_for(std::uint32_t chunk, std::uint32_t blocks) {
  sent_request sent;
  sent.range = {piece_index{chunk}, 0, blocks * block_bytes};
  sent.chunk = chunk_index{chunk};
  sent.blocks = sent.live = blocks_from(0, blocks);
  return sent;
}

}  // namespace

TEST_CASE("requests are done one after another, and more comes behind them or after the delay") {
  request_list requests;
  requests.on_sent(request_for(1, 4));
  requests.on_sent(request_for(2, 2));
  workload busy{.source = source_id{0}, .rate = 64.0 * KiB, .delay = 0.1, .requests = &requests};
  busy.pending = requests.bytes();
  CHECK(seconds_busy(busy) == Approx(1.5));
  CHECK(seconds_for(busy, block_bytes) == Approx(1.75));
  CHECK(seconds_until(busy, chunk_index{1}, 1) == Approx(1.0));
  CHECK(seconds_until(busy, chunk_index{2}, 2) == Approx(1.5));
  CHECK(std::isinf(seconds_until(busy, chunk_index{2}, 4)));
  CHECK(std::isinf(seconds_until(busy, chunk_index{3}, 1)));
  // Half of the first answer is here.
  busy.pending -= 2 * block_bytes;
  CHECK(seconds_until(busy, chunk_index{1}, 1) == Approx(0.5));
  const request_list none;
  const workload idle{.source = source_id{1}, .rate = 64.0 * KiB, .delay = 0.1, .requests = &none};
  CHECK(seconds_for(idle, block_bytes) == Approx(0.35));
}

TEST_CASE("a silence is expected to last as long again, unless it is usual") {
  CHECK(silence_expected(20ms, 10e6) == 0);
  CHECK(silence_expected(40ms, 10e6) == Approx(0.04));
  CHECK(silence_expected(400ms, 50e3) == 0);
  CHECK(silence_expected(3s, 50e3) == Approx(3));
}
