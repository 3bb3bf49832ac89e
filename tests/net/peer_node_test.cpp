// What a peer's record says when several things happen to one path at once.

#include "peer/peer_node.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <string>
#include <utility>

#include "tests/net/world.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace shoal::testing {

namespace {

using progress = std::function<bool(std::uint64_t, std::uint64_t)>;

awaitable<void> add_content(peer_node& node, std::string path, bool symlinks, progress on_progress,
                            std::shared_ptr<share>& added) {
  auto mark = node.discovery().announce_add(path);
  share_options wanted;
  wanted.symlinks = symlinks;
  const auto outcome = co_await node.library().add(std::move(path), wanted, std::move(mark), std::move(on_progress));
  if (outcome) added = outcome->what;
}

}  // namespace

TEST_CASE("of a version that is found damaged while another is added the other knows nothing") {
  const test::temporary_directory home;
  const std::string path = home.path().string() + "/folder";
  test::write_file(path + "/file", "content");
  // With symlinks it is another version, though each file is as it was.
  std::filesystem::create_symlink("file", path + "/link");
  world w;
  peer_options options;
  options.listen = "127.0.0.1:0";
  options.state_directory = home.path().string() + "/state";
  peer_node node(w.context, std::move(options));
  REQUIRE(node.open().has_value());
  w.tasks.spawn("node", node.run());
  std::shared_ptr<share> first;
  REQUIRE(w.finish(add_content(node, path, false, [](std::uint64_t, std::uint64_t) { return true; }, first)));
  REQUIRE(first != nullptr);

  // The database is busy from the end of the hashing on, until the first version is found damaged.
  std::promise<void> found;
  auto hold = [&node, &w, &first, until = std::make_shared<std::future<void>>(found.get_future()), held = false](
                  std::uint64_t done, std::uint64_t total) mutable {
    if (done < total || std::exchange(held, true)) return true;
    asio::post(node.context().background, [until] { until->wait(); });
    w.tasks.spawn("damage", node.library().on_damage(first, 1));
    return true;
  };
  std::shared_ptr<share> second;
  w.tasks.spawn("add", add_content(node, path, true, std::move(hold), second));
  CHECK(w.until([&] { return !node.library().hosted().find(first->id()); }));
  found.set_value();
  REQUIRE(w.until([&] { return second != nullptr; }));
  CHECK(second->id() != first->id());
  // What was found is written down by then.
  REQUIRE(w.finish(node.library().settle()));
  CHECK(node.library().missing().all().empty());
  CHECK(node.library().hosted().find(second->id()) != nullptr);
  const auto row = node.context().database.share(path);
  REQUIRE((row.has_value() && row->has_value()));
  CHECK((*row)->signatures == second->content().files()->signatures());
  node.stop();
  CHECK(w.drain());
}

}  // namespace shoal::testing
