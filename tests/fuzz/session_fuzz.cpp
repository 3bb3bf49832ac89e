// Whole peers, and a stranger that connects and says anything: a seeder, a download and a download without metadata.
//
// Input: a byte that chooses which, then what follows the handshake. Every session must end soon after the stranger
// has gone, and nothing may fail an assertion.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/assert.hpp"
#include "observe/log.hpp"
#include "tests/fuzz/stranger.hpp"
#include "tests/net/nodes.hpp"
#include "tests/net/world.hpp"

namespace {

using namespace shoal;
using namespace shoal::testing;

constexpr std::size_t content_bytes = 300'000;
constexpr std::size_t input_bytes_max = 256 * 1024;
constexpr duration answer_time = std::chrono::milliseconds(2);

class peers {
 public:
  peers() {
    char name[] = "/tmp/shoal-fuzz-XXXXXX";
    SHOAL_ASSERT(mkdtemp(name) != nullptr);
    home_ = name;
    const std::string here = home_ + "/seeder";
    std::filesystem::create_directory(here);
    write_file(here + "/content", make_content(content_bytes));
    seeder_ = std::make_unique<peer_node>(world_.context, options_in(here));
    leecher_ = std::make_unique<peer_node>(world_.context, options_in(home_ + "/leecher"));
    SHOAL_ASSERT(seeder_->open().has_value() && leecher_->open().has_value());
    world_.tasks.spawn("seeder", seeder_->run());
    world_.tasks.spawn("leecher", leecher_->run());
    SHOAL_ASSERT(world_.finish(add_file(*seeder_, here + "/content", original_)) && original_ != nullptr);
    download_request known;
    known.id = original_->id();
    known.info = original_->content().info();
    SHOAL_ASSERT(world_.finish(begin_download(*leecher_, known, copy_)) && copy_ != nullptr);
    download_request unknown;
    unknown.id.bytes.fill(7);
    SHOAL_ASSERT(world_.finish(begin_download(*leecher_, unknown, blank_)) && blank_ != nullptr);
  }
  ~peers() {
    seeder_->stop();
    leecher_->stop();
    (void)world_.drain();
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }

  void meet(std::span<const std::uint8_t> input) {
    const unsigned which = input[0] % 3u;
    peer_node& node = which == 0 ? *seeder_ : *leecher_;
    const share_id id = which == 2 ? blank_->id() : original_->id();
    ++meetings_;
    wire::handshake hello;
    hello.share = wire::truncate(id);
    store_be32(hello.peer.bytes.data(), meetings_);
    byte_buffer says = wire::encode(hello);
    says.insert(says.end(), input.begin() + 1, input.end());
    {
      stranger one(world_, node.local());
      if (!one.connected()) return;
      one.say(says);
      // It is greeted in any case.
      SHOAL_ASSERT(world_.until([&] { return one.hear() || one.bytes_heard() >= wire::handshake_bytes; }));
      SHOAL_ASSERT(one.bytes_heard() >= wire::handshake_bytes);
      (void)world_.until([&] { return one.hear(); }, answer_time);
    }
    SHOAL_ASSERT(world_.until([&] { return node.context().connections.sessions() == 0; }));
  }

 private:
  world world_;
  std::string home_;
  std::unique_ptr<peer_node> seeder_;
  std::unique_ptr<peer_node> leecher_;
  std::shared_ptr<share> original_;
  std::shared_ptr<share> copy_;
  std::shared_ptr<share> blank_;
  std::uint32_t meetings_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static peers all;
  if (size == 0 || size > input_bytes_max) return 0;
  all.meet({data, size});
  return 0;
}
