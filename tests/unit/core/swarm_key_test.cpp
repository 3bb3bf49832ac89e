#include "core/swarm_key.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"

namespace shoal {
namespace {

std::vector<key_id> ids_of(const std::vector<swarm_key>& keys) {
  std::vector<key_id> ids;
  for (const swarm_key& one : keys) ids.push_back(one.id());
  return ids;
}

}  // namespace

TEST_CASE("a key file gives back the keys that were written, the first one first", "[swarm_key]") {
  const auto one = swarm_key::make();
  const auto two = swarm_key::make();
  REQUIRE((one && two));
  CHECK(one->id() != two->id());
  const auto read = parse_swarm_keys("# the new key\r\n" + two->line() + "\n  \n" + one->line());
  REQUIRE(read);
  CHECK(ids_of(*read) == std::vector{two->id(), one->id()});
  CHECK(std::equal(read->front().secret().begin(), read->front().secret().end(), two->secret().begin()));
}

TEST_CASE("the id of a key tells nothing of it but whether it is the same", "[swarm_key]") {
  std::array<std::uint8_t, swarm_key::secret_bytes> secret{};
  const swarm_key plain(secret);
  CHECK(plain.id() == swarm_key(secret).id());
  secret[31] ^= 1;
  CHECK(plain.id() != swarm_key(secret).id());
}

TEST_CASE("what is no key file is refused with the line, and without what it holds", "[swarm_key]") {
  const std::string line = swarm_key::make()->line();
  const std::string cut = line.substr(0, line.size() - 6);
  for (const std::string& text :
       {std::string("nonsense of a stranger that is long\n"), cut, "shoal-swarm-key-2" + line.substr(17)}) {
    const auto read = parse_swarm_keys("# comment\n" + text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::malformed);
    CHECK(read.error().text.find("line 2") != std::string::npos);
    CHECK(read.error().text.find(text.substr(20, 8)) == std::string::npos);
  }
  CHECK(parse_swarm_keys("").error().code == errc::malformed);
  std::string many;
  for (std::size_t i = 0; i <= swarm_keys_max; ++i) many += line;
  CHECK(parse_swarm_keys(many).error().code == errc::malformed);
}

}  // namespace shoal
