// "/v1/events": what changes at a peer and in its swarm, as server-sent events.
//
// `share`, `peer` and `download` hold a row as the API has it without the token, and without `as_of`. `share-gone`,
// `peer-gone` and `download-gone` hold its id. `status` holds the figures of the peer, and the first of what it hashes.
// `reset` tells a client to ask for everything again. A client first connects, and then asks for what is there: it may
// see a row twice. Nothing is looked at while nobody listens. Looking takes at most 1.5 % of a core, and nearly nothing
// while nothing changes. Owned by gateway; run() until stop(), on the network thread.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "directory/tracking.hpp"
#include "gateway/event_log.hpp"
#include "gateway/http_exchange.hpp"
#include "net/event.hpp"
#include "net/notifier.hpp"

namespace shoal {

class peer_node;

/// Between two looks, at least.
inline constexpr duration event_look_interval = std::chrono::milliseconds(500);
/// After a look that took t, the next comes no sooner than so many times t.
inline constexpr int event_pause_factor = 66;
/// If there are more shares, no event tells of them: a look would hold the peer up.
inline constexpr std::size_t event_shares_max = 20'000;
/// A client that hears nothing for so long is sent a comment, so that nobody takes its connection for dead.
inline constexpr duration event_quiet_max = std::chrono::seconds(15);
/// Events are remembered for so long after the last client left.
inline constexpr duration event_memory = std::chrono::seconds(60);

class event_feed {
 public:
  /// The node outlives this.
  explicit event_feed(peer_node& node);

  /// Answers until the client leaves or stop().
  awaitable<void> answer(http_exchange& with);
  awaitable<void> run();
  void stop();

 private:
  /// What clients know of one kind of rows: a hash of each, by its id.
  using known_rows = std::unordered_map<std::string, std::size_t>;

  /// What rows of the swarm are made of, but for what stays as it is.
  struct swarm_state {
    std::uint64_t version = 0;                                     ///< of what the trackers tell
    tracking::snapshot own;                                        ///< the shares of this peer
    std::vector<std::pair<std::string, std::string>> phases = {};  ///< of its downloads, by id
    friend bool operator==(const swarm_state&, const swarm_state&) = default;
  };

  bool wanted(time_point now) const { return listeners_ > 0 || now < remembered_until_; }
  /// Notes what is there now. Events tell of what is new, unless nobody knew anything.
  void look();
  void look_at_swarm();
  template <class Row>
  void compare(known_rows& known, const std::vector<Row>& rows, std::string Row::* id, std::string_view type);
  void tell(std::string_view type, const boost::json::value& of);

  peer_node& node_;
  event_log log_;
  notifier news_;
  event begin_;
  std::size_t listeners_ = 0;
  time_point remembered_until_{};
  bool looked_ = false;  ///< the rows below are known
  swarm_state swarm_;
  known_rows shares_;
  known_rows peers_;
  known_rows downloads_;
  std::size_t status_ = 0;
  bool stopped_ = false;
};

}  // namespace shoal
