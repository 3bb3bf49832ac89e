#include "store/file_cache.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "show_result.hpp"

namespace shoal {
namespace {

result<int> open_null() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("the cache opens each file once and closes the least recently used one", "[file_cache]") {
  file_cache cache(3);
  int opened = 0;
  const auto get = [&](std::uint64_t owner, std::uint32_t file) {
    return cache.get(owner, file, [&] {
      ++opened;
      return open_null();
    });
  };
  const int first = (*get(1, 0))->descriptor();
  for (std::uint32_t file = 1; file < 3; ++file) REQUIRE(get(1, file));
  REQUIRE(get(1, 0));
  CHECK(opened == 3);
  CHECK(cache.size() == 3);
  REQUIRE(get(2, 0));
  CHECK(cache.size() == 3);
  CHECK(is_open(first));
  REQUIRE(get(1, 0));
  CHECK(opened == 4);
  REQUIRE(get(1, 1));
  CHECK(opened == 5);
}

TEST_CASE("a handle keeps its file open beyond eviction and drop", "[file_cache]") {
  file_cache cache(1);
  auto handle = *cache.get(1, 0, open_null);
  const int descriptor = handle->descriptor();
  REQUIRE(cache.get(1, 1, open_null));
  CHECK(is_open(descriptor));
  handle.reset();
  CHECK_FALSE(is_open(descriptor));
}

TEST_CASE("drop forgets the files of one owner only", "[file_cache]") {
  file_cache cache(512);
  const std::uint64_t one = cache.new_owner();
  const std::uint64_t two = cache.new_owner();
  CHECK(one != two);
  for (std::uint32_t file = 0; file < 5; ++file) {
    REQUIRE(cache.get(one, file, open_null));
    REQUIRE(cache.get(two, file, open_null));
  }
  cache.drop(one);
  cache.drop(one);
  CHECK(cache.size() == 5);
}

TEST_CASE("an open that fails leaves nothing behind", "[file_cache]") {
  file_cache cache(512);
  const auto failed = cache.get(1, 1, []() -> result<int> { return error{errc::disk, "broken"}; });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text == "broken");
  CHECK(cache.size() == 0);
}

TEST_CASE("threads share the cache within its bound", "[file_cache]") {
  file_cache cache(8);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint32_t i = 0; i < 2000; ++i) {
        const auto handle = cache.get(thread % 2, (i * 7 + thread) % 20, open_null);
        if (!handle || !is_open((*handle)->descriptor())) ++failures;
        if (i % 97 == 0) cache.drop(thread % 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(cache.size() <= 8);
}

}  // namespace shoal
