// Everything that a peer offers over HTTP, and a stranger without the token who connects and says anything.
//
// The peer has a folder, and a download of which nothing comes. Nothing may fail an assertion, and the peer answers a
// simple request after each input.
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "control/peer_control.hpp"
#include "core/assert.hpp"
#include "gateway/gateway.hpp"
#include "tests/fuzz/stranger.hpp"
#include "tests/net/nodes.hpp"

namespace {

using namespace shoal;
using namespace shoal::testing;

constexpr std::size_t input_bytes_max = 64 * 1024;
constexpr duration answer_time = std::chrono::milliseconds(2);
constexpr std::string_view simple_request = "GET /nothing HTTP/1.0\r\nHost: localhost\r\n\r\n";

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class served_peer {
 public:
  served_peer() {
    char name[] = "/tmp/shoal-fuzz-XXXXXX";
    SHOAL_ASSERT(mkdtemp(name) != nullptr);
    home_ = name;
    std::filesystem::create_directories(home_ + "/share/b");
    write_file(home_ + "/share/a", make_content(100'000));
    write_file(home_ + "/share/b/c.html", make_content(100));
    node_ = std::make_unique<peer_node>(world_.context, options_in(home_));
    control_ = std::make_unique<peer_control>(*node_, [] {});
    gateway_ = std::make_unique<gateway>(*node_, *control_, api_access{}, https_settings{});
    SHOAL_ASSERT(node_->open().has_value() && gateway_->open().has_value());
    node_->on_http([this](stream connection) { gateway_->on_connection(std::move(connection)); });
    world_.tasks.spawn("gateway", gateway_->run());
    world_.tasks.spawn("peer", node_->run());
    std::shared_ptr<share> here;
    SHOAL_ASSERT(world_.finish(add_file(*node_, home_ + "/share", here)) && here != nullptr);
    download_request unknown;
    unknown.id.bytes.fill(7);
    std::shared_ptr<share> arriving;
    SHOAL_ASSERT(world_.finish(begin_download(*node_, unknown, arriving)) && arriving != nullptr);
  }
  ~served_peer() {
    gateway_->stop();
    node_->stop();
    (void)world_.drain();
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }

  void meet(std::span<const std::uint8_t> input) {
    {
      stranger one(world_, node_->local());
      if (!one.connected()) return;
      one.say(input);
      (void)world_.until([&] { return one.hear(); }, answer_time);
    }
    stranger next(world_, node_->local());
    if (!next.connected()) return;
    next.say(bytes_of(simple_request));
    SHOAL_ASSERT(world_.until([&] { return next.hear(); }));
    SHOAL_ASSERT(next.bytes_heard() > 0);
  }

 private:
  world world_;
  std::string home_;
  std::unique_ptr<peer_node> node_;
  std::unique_ptr<peer_control> control_;
  std::unique_ptr<gateway> gateway_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static served_peer peer;
  // Another first byte than a letter is not for the gateway.
  if (size == 0 || size > input_bytes_max || data[0] < 'A' || data[0] > 'Z') return 0;
  peer.meet({data, size});
  return 0;
}
