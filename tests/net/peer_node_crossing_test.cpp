// Two whole peers that dial each other at the same moment keep one session.

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "net/endpoint.hpp"
#include "tests/net/nodes.hpp"
#include "tests/net/world.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace shoal::testing {

TEST_CASE("two peers that dial each other at the same moment keep one session") {
  const test::temporary_directory home;
  world w;
  const auto make = [&](const std::string& name) {
    const std::string here = home.path().string() + "/" + name;
    std::filesystem::create_directory(here);
    auto node = std::make_unique<peer_node>(w.context, options_in(here));
    REQUIRE(node->open().has_value());
    w.tasks.spawn(name, node->run());
    return node;
  };
  const auto one = make("one");
  const auto other = make("other");
  for (std::uint8_t round = 1; round <= 5; ++round) {
    std::shared_ptr<share> begun[2];
    download_request from_one;
    from_one.id.bytes.fill(round);
    download_request from_other = from_one;
    from_one.peers = {to_text(other->local())};
    from_other.peers = {to_text(one->local())};
    w.tasks.spawn("begin", begin_download(*one, from_one, begun[0]));
    w.tasks.spawn("begin", begin_download(*other, from_other, begun[1]));
    const auto met = [&](const peer_node& node) {
      return node.context().connections.sessions() > 0 && node.context().connections.dials() == 0;
    };
    REQUIRE(w.until([&] { return met(*one) && met(*other); }));
    const auto sessions = [&] {
      return one->context().connections.sessions() + other->context().connections.sessions();
    };
    // They stay, and neither dials again with success.
    time_point since = clock::now();
    CHECK(w.until([&] {
      if (sessions() != 2) since = clock::now();
      return clock::now() - since > 2 * dial_backoff_min;
    }));
    for (const auto& each : begun) each->stop(end_reason::share_removed);
    REQUIRE(w.until([&] { return sessions() == 0; }));
  }
  one->stop();
  other->stop();
  CHECK(w.drain());
}

}  // namespace shoal::testing
