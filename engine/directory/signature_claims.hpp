// The signatures that peers claim for shares, until the tracker has checked them.
//
// A check takes about 0.1 ms, so it has a price: a peer has credit for 1,000 checks, and gains 100 a second. All peers
// together get 16 checks in one round, in turn: with a round each 50 ms, some 3 % of a core. What waits is one claim
// for each share of a peer. Until a claim is checked it displaces nothing. Pure; owned by registry, which runs a round
// with each batch. DESIGN: "Signed shares".
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "content/publication.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

/// A session of a peer with the tracker; never reused.
using tracker_session_id = strong_index<struct tracker_session_tag>;

class signature_claims {
 public:
  static constexpr std::size_t checks_a_round = 16;
  static constexpr double credit_max = 1000;
  static constexpr double credit_a_second = 100;

  /// What the claimant says of the share besides.
  struct description {
    std::string name;
    std::uint64_t bytes = 0;
    std::uint32_t files = 0;
  };
  struct claim {
    share_id id;
    description share;
    publication what;  ///< unchecked; its verdict in what next_checked() returns
  };

  /// Replaces what waits of this peer for this share.
  void on_claim(tracker_session_id by, claim made, time_point now);
  void on_withdraw(tracker_session_id by, const share_id& id);
  void on_leave(tracker_session_id by);
  /// Checks what is due, and returns it with its verdicts.
  std::vector<claim> next_checked(time_point now);
  /// Some claim waits, perhaps for credit.
  bool waits() const { return !turns_.empty(); }

 private:
  struct claimant {
    std::unordered_map<share_id, claim> claims;
    double credit = credit_max;
    time_point credited_at{};
  };
  std::unordered_map<tracker_session_id, claimant> claimants_;
  std::deque<tracker_session_id> turns_;  ///< those with claims, each once
};

}  // namespace shoal
