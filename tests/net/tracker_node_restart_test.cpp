// A tracker that starts again: all its peers come back, spread over time.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "tests/net/swarm_world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

constexpr std::size_t peers = 1000;

/// A tracker client alone, without a port that others can connect to.
class member final : public tracker_observer {
 public:
  member(world& w, const swarm_keys& keys, std::uint32_t n, tcp::endpoint tracker)
      : client_(
            w.executor(), keys, 0, host_port{tracker.address().to_string(), tracker.port()}, [this] { return join_; },
            rows_, *this) {
    store_be32(join_.peer.bytes.data(), n);
    join_.name = "host" + std::to_string(n);
  }
  tracker_client& client() { return client_; }
  bool knows_all() const { return client_.state().connected && rows_.peer_count(0) == peers; }
  std::vector<time_point> connected_at;

 private:
  void on_connected(std::size_t, const tracking::welcome&) override { connected_at.push_back(clock::now()); }
  void on_rows(std::size_t) override {}
  void on_swarm(std::size_t, const tracking::swarm&) override {}
  void on_wanted(std::size_t, const tracking::wanted&) override {}
  void on_disconnected(std::size_t, const std::string&) override {}

  tracking::join join_;
  catalogue rows_;
  tracker_client client_;
};

}  // namespace

TEST_CASE("a thousand peers come back to a tracker that starts again, and not all at once", "[tracker_restart]") {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::seconds(5);
  swarm_world w(options);
  const swarm_keys open;
  std::vector<std::unique_ptr<member>> all;
  for (std::uint32_t n = 0; n < peers; ++n) {
    all.push_back(std::make_unique<member>(w, open, n, w.where()));
    w.tasks.spawn("member", all.back()->client().run());
  }
  const auto all_know = [&] { return std::ranges::all_of(all, [](const auto& one) { return one->knows_all(); }); };
  REQUIRE(w.until(all_know, std::chrono::seconds(60)));

  options.listen = {w.where()};
  REQUIRE(w.stop_tracker());
  // Long enough away that the pauses between attempts have grown.
  const auto tried = [&] {
    return std::ranges::all_of(all, [](const auto& one) { return one->client().state().attempts >= 5; });
  };
  REQUIRE(w.until(tried, std::chrono::seconds(60)));
  w.start_tracker(options);
  REQUIRE(w.until(all_know, std::chrono::seconds(60)));
  std::vector<time_point> at;
  for (const auto& one : all) at.push_back(one->connected_at.back());
  std::ranges::sort(at);
  CHECK(at[peers * 9 / 10] - at[peers / 10] > std::chrono::milliseconds(300));
  for (const auto& one : all) one->client().stop();
  // Only the tracker runs.
  CHECK(w.until([&] { return w.tasks.size() == 1; }));
}
