#include "peer/session/traffic.hpp"

namespace shoal {

namespace {

constexpr duration measure_interval = std::chrono::seconds(1);

}  // namespace

awaitable<void> traffic::run() {
  std::uint64_t before = sent_;
  while (!stopped_) {
    (void)co_await stop_asked_.wait_until(clock::now() + measure_interval);
    upload_rate_ = static_cast<double>(sent_ - before) / std::chrono::duration<double>(measure_interval).count();
    before = sent_;
  }
}

}  // namespace shoal
