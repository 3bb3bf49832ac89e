// Lets one connection of each origin at a time wait for a limit of rate. The others of the origin wait behind it.
//
// So an origin has one place in the line of the limit (peer/session/throttle), however many connections it opens. Owned
// by http_server; belongs to one io_context.
#pragma once

#include <list>
#include <map>
#include <utility>

#include "core/address_group.hpp"
#include "net/event.hpp"

namespace shoal {

class origin_turns {
 public:
  explicit origin_turns(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  origin_turns(const origin_turns&) = delete;
  origin_turns& operator=(const origin_turns&) = delete;

  /// Returns when it is the caller's turn; then leave() ends it.
  awaitable<void> enter(address_group origin) {
    const auto [at, is_free] = waiting_.try_emplace(origin);
    if (is_free) co_return;
    auto& line = at->second;
    const auto mine = line.emplace(line.end(), executor_);
    co_await mine->wait();
    line.erase(mine);
  }
  void leave(const address_group& origin) {
    const auto at = waiting_.find(origin);
    if (at->second.empty()) {
      waiting_.erase(at);
    } else {
      at->second.front().set();
    }
  }

 private:
  asio::any_io_executor executor_;
  std::map<address_group, std::list<event>> waiting_;  ///< an entry while somebody has the turn
};

}  // namespace shoal
