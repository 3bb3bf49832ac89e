// How fast a download is from several simulated sources, compared with what their rates allow.
#include <catch2/catch.hpp>
#include <vector>

#include "unit/policy/support/fake_swarm.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::swarm;

namespace {

constexpr std::uint64_t share_bytes = 1 * GiB;

double ideal_seconds(const std::vector<swarm::peer>& peers) {
  double rate = 0;
  for (const auto& one : peers) rate += one.rate;
  return static_cast<double>(share_bytes) / rate;
}

double run(const std::vector<swarm::peer>& peers) {
  return swarm(1 * MiB, share_bytes, peers).run();
}

}  // namespace

TEST_CASE("eight equal sources are nearly eight times as fast as one") {
  const double one = run(std::vector<swarm::peer>(1));
  const double eight = run(std::vector<swarm::peer>(8));
  INFO("speedup " << one / eight);
  CHECK(one / eight >= 0.97 * 8);
}

TEST_CASE("sources of block-sized requests speed up as well") {
  std::vector<swarm::peer> peers(8);
  for (auto& one : peers) one.request_bytes_max = block_bytes;
  CHECK(run(peers) <= ideal_seconds(peers) / 0.97);
}

TEST_CASE("far sources are kept busy") {
  std::vector<swarm::peer> peers(4);
  for (auto& one : peers) one.delay = 100ms;
  CHECK(run(peers) <= ideal_seconds(peers) + 1.5);
}

TEST_CASE("a far and fast source is at full speed after a few round trips") {
  std::vector<swarm::peer> peers(1);
  peers[0].delay = 100ms;
  peers[0].rate = 100e6;
  CHECK(run(peers) <= ideal_seconds(peers) + 1.2);
}

TEST_CASE("one source that is much slower costs little") {
  std::vector<swarm::peer> peers(8);
  peers[3].rate /= 20;
  const double seconds = run(peers);
  INFO("ideal " << ideal_seconds(peers) << " took " << seconds);
  CHECK(seconds <= 1.05 * ideal_seconds(peers));
}

TEST_CASE("sources of very different rates together deliver what they can") {
  std::vector<swarm::peer> peers(6);
  double rate = 40e6;
  for (auto& one : peers) {
    one.rate = rate;
    rate /= 3;
  }
  const double seconds = run(peers);
  INFO("ideal " << ideal_seconds(peers) << " took " << seconds);
  CHECK(seconds <= 1.05 * ideal_seconds(peers));
}

TEST_CASE("when half of the sources die the rest take over without a break") {
  std::vector<swarm::peer> peers(8);
  const double whole = ideal_seconds(peers);
  const auto death = swarm::begin() + std::chrono::duration_cast<duration>(std::chrono::duration<double>(0.4 * whole));
  for (std::size_t i = 0; i < 4; ++i) peers[i].dies = death;
  const double seconds = run(peers);
  const double ideal = 0.4 * whole + 0.6 * whole * 2;
  INFO("ideal " << ideal << " took " << seconds);
  CHECK(seconds <= 1.05 * ideal);
}

TEST_CASE("when half of the sources fall silent it costs about one deadline") {
  std::vector<swarm::peer> peers(8);
  const double whole = ideal_seconds(peers);
  const auto silence =
      swarm::begin() + std::chrono::duration_cast<duration>(std::chrono::duration<double>(0.4 * whole));
  for (std::size_t i = 0; i < 4; ++i) peers[i].silent = silence;
  const double seconds = run(peers);
  const double ideal = 0.4 * whole + 0.6 * whole * 2;
  INFO("ideal " << ideal << " took " << seconds);
  CHECK(seconds <= 1.05 * ideal + 1.0);
}

TEST_CASE("stealing wastes little") {
  std::vector<swarm::peer> peers(8);
  peers[0].rate /= 20;
  peers[1].rate /= 4;
  swarm one(1 * MiB, share_bytes, peers);
  one.run();
  INFO("duplicate " << one.total().bytes_duplicate << " stolen " << one.total().chunks_stolen);
  CHECK(one.total().bytes_duplicate < share_bytes / 50);
}
