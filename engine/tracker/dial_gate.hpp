// Lets so many sessions dial their peers back at the same time. The others wait in the order in which they came.
//
// Without it a crowd that joins at once would need two descriptors for each session. The second ones could take those
// of sessions that are still to be accepted. Which ports are dialled at all decides directory/dial_backs. Owned by
// tracker_node, used by tracker_session, on one context. A session that begins a dial must end it, also if it was
// closed meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "core/address_group.hpp"
#include "directory/dial_backs.hpp"
#include "net/event.hpp"

namespace shoal {

class dial_gate {
 public:
  /// `interval`: see dial_backs.
  dial_gate(std::size_t places, duration interval) : free_(places), found_(interval) {}

  /// As dial_backs::next(). If the answer is `wait`, `turn` is set when it is time to ask again.
  [[nodiscard]] dial_backs::plan begin(const std::string& host, std::uint16_t port, event& turn) {
    const auto next = found_.next(host, port, clock::now());
    if (next == dial_backs::plan::wait) {
      asking_[origin_text(host)].push_back({host, port, &turn});
    } else if (next != dial_backs::plan::dial) {
      wake(host, port);
    }
    return next;
  }
  void end(const std::string& host, std::uint16_t port, bool reachable) {
    found_.on_result(host, port, reachable);
    wake(host, port);
  }
  /// The dial that began did not take place.
  void abandon(const std::string& host, std::uint16_t port) {
    found_.on_abandoned(host, port);
    wake(host, port);
  }
  /// Ends the wait that begin() asked for.
  void stop_asking(const std::string& host, std::uint16_t port, const event& turn) {
    const auto at = asking_.find(origin_text(host));
    if (at != asking_.end()) std::erase_if(at->second, [&turn](const auto& one) { return one.turn == &turn; });
    wake(host, port);
  }

  /// True: entered. False: `turn` is set when there is a place, and the place is then taken.
  [[nodiscard]] bool enter(event& turn) {
    if (free_ == 0) {
      waiting_.push_back(&turn);
      return false;
    }
    --free_;
    return true;
  }
  void leave() {
    if (waiting_.empty()) {
      ++free_;
    } else {
      waiting_.front()->set();
      waiting_.pop_front();
    }
  }
  /// Ends the wait. Also gives back a place that came with `turn` and was not used.
  void give_up(const event& turn) {
    if (std::erase(waiting_, &turn) == 0) leave();
  }

 private:
  /// Those that wait for this port, and as many others as may dial now.
  void wake(const std::string& host, std::uint16_t port) {
    const auto at = asking_.find(origin_text(host));
    if (at == asking_.end()) return;
    std::size_t others = found_.room(host);
    std::erase_if(at->second, [&](const auto& one) {
      const bool same = one.host == host && one.port == port;
      if (!same && others == 0) return false;
      if (!same) --others;
      one.turn->set();
      return true;
    });
    if (at->second.empty()) asking_.erase(at);
  }

  std::size_t free_;
  std::deque<event*> waiting_;
  dial_backs found_;
  struct asker {
    std::string host;
    std::uint16_t port = 0;
    event* turn = nullptr;
  };
  std::unordered_map<std::string, std::deque<asker>> asking_;  ///< by origin
};

}  // namespace shoal
