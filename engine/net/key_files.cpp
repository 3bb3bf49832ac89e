#include "net/key_files.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

std::vector<key_id> ids_of(const std::vector<swarm_key>& keys) {
  std::vector<key_id> ids;
  for (const swarm_key& one : keys) ids.push_back(one.id());
  return ids;
}

}  // namespace

key_files::key_files(asio::any_io_executor executor, std::vector<std::string> paths, std::function<void()> on_change)
    : paths_(std::move(paths)), on_change_(std::move(on_change)), stop_asked_(std::move(executor)) {}

result<void> key_files::open() {
  if (paths_.empty()) return {};
  auto read = read_swarm_keys(paths_);
  if (!read) return read.error();
  if (auto taken = keys_.replace(std::move(*read)); !taken) return taken;
  reader_ = std::make_unique<asio::thread_pool>(1);
  return {};
}

awaitable<void> key_files::run() {
  if (keys_.is_private()) {
    log_info("this swarm is private keys={} offered={}", keys_.keys().size(), keys_.keys().front().id().hex());
  } else {
    log_info("this swarm is open: whoever can connect to a node of it can list, download and add");
  }
  while (reader_ && !stopped_) {
    (void)co_await stop_asked_.wait_until(clock::now() + look_interval);
    if (stopped_) break;
    auto read = [paths = paths_] { return read_swarm_keys(paths); };
    auto keys = co_await offload(*reader_, std::move(read));
    if (!stopped_) on_read(std::move(keys));
  }
}

void key_files::stop() {
  stopped_ = true;
  stop_asked_.set();
}

void key_files::on_read(result<std::vector<swarm_key>> read) {
  const std::string failure = read ? std::string() : read.error().text;
  if (!failure.empty() && failure != failure_) {
    log_error("the keys stay as they are: {}", failure);
  }
  failure_ = failure;
  if (!read || ids_of(*read) == ids_of(keys_.keys())) return;
  log_info("the keys of this swarm changed keys={} offered={}", read->size(), read->front().id().hex());
  // The swarm is private already, so it is known that OpenSSL offers what this needs.
  const auto taken = keys_.replace(std::move(*read));
  SHOAL_ASSERT(taken.has_value());
  on_change_();
}

}  // namespace shoal
