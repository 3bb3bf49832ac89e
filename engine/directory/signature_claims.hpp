// The signatures that peers claim for shares, until the tracker has checked them.
//
// A check takes about 0.1 ms, so it has a price: an origin (core/address_group) has credit for 300 checks, and gains
// 80 a second. All origins together get 64 checks in one round, in turn: with a round each 200 ms, some 3 % of a core.
// A verdict that is known costs nothing. What waits is one claim for each share of a peer. Until a claim is checked it
// displaces nothing. Pure; owned by registry, which runs a round each 200 ms. DESIGN: "Signed shares".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "content/checked_signatures.hpp"
#include "content/publication.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "directory/tracker_session_id.hpp"

namespace shoal {

class signature_claims {
 public:
  static constexpr std::size_t checks_a_round = 64;
  static constexpr double credit_max = 300;
  static constexpr double credit_a_second = 80;
  /// Claims whose verdict is known, in one round.
  static constexpr std::size_t known_a_round = 1000;

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

  /// Replaces what waits of this peer for this share. `origin`: of the session, as text.
  void on_claim(tracker_session_id by, const std::string& origin, claim made, time_point now);
  void on_withdraw(tracker_session_id by, const share_id& id);
  void on_leave(tracker_session_id by);
  /// Checks what is due, and returns it with its verdicts.
  std::vector<claim> next_checked(time_point now);
  /// Some claim waits, perhaps for credit.
  bool waits() const { return !turns_.empty(); }
  /// Origins that are remembered: those with peers that claimed something, and those that have spent credit lately.
  std::size_t origins() const { return origins_.size(); }

 private:
  /// Outlives its sessions as long as it lacks credit: a peer that joins again gains none.
  struct origin_state {
    double credit = credit_max;
    time_point credited_at{};
    std::size_t claimants = 0;
    std::deque<tracker_session_id> turns;  ///< its sessions with claims, each once
  };
  struct claimant {
    std::string origin;
    std::unordered_map<share_id, claim> claims;
  };
  static void gain(origin_state& from, time_point now);
  /// The session has no claim any more.
  void end_turn(tracker_session_id by, const std::string& origin);
  /// Verdict of the claim. Nothing if its origin has no credit. `checks` counts what was checked.
  std::optional<publication> verdict_of(const claim& made, origin_state& from, std::size_t& checks, time_point now);
  void forget(time_point now);

  std::unordered_map<tracker_session_id, claimant> claimants_;
  std::unordered_map<std::string, origin_state> origins_;
  std::deque<std::string> turns_;  ///< origins with claims, each once
  checked_signatures known_;
  time_point forgotten_at_{};
};

}  // namespace shoal
