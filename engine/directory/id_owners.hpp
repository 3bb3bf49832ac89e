// Whose a peer id is at the tracker, so that nobody takes the place of another by saying its id, which is public.
//
// An id belongs to the first that joins with it, for as long as it is here and for a while after. The owner shows by
// its token (tracking::join) that it is the same peer again, also from another address. A peer of a version without
// tokens is known by its address: it gets its place back only once its old session does not answer.
//
// Pure; owned by registry, which knows the sessions.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "directory/tracking.hpp"

namespace shoal {

class id_owners {
 public:
  /// How long the id of a peer that left is kept for it. A peer comes back within seconds.
  static constexpr duration kept_for = std::chrono::minutes(10);
  /// Peers that left and whose ids are kept: in all, and of one address. These take 10 MB at most.
  static constexpr std::size_t kept_max = 100'000;
  static constexpr std::uint32_t kept_per_address_max = 1000;

  enum class relation {
    vacant,  ///< the id is nobody's
    owner,   ///< the token is right
    asks,    ///< from the owner's address and without its token: the owner, if the session that is here is dead
    other,   ///< somebody else
  };
  relation relation_of(const peer_id& peer, const tracking::join_token& token, const std::string& address,
                       time_point now) const;
  /// The peer is here. It replaces the one that was here with this id.
  void on_join(const peer_id& peer, const tracking::join_token& token, const std::string& address, time_point now);
  void on_leave(const peer_id& peer, time_point now);

  /// What somebody else is told.
  static error refusal(const peer_id& peer);

  /// Peers that are here, and peers that are not and whose id is kept.
  std::size_t size() const { return owners_.size(); }
  void check_invariants() const;

 private:
  struct owner {
    tracking::join_token token;
    /// Of whoever had the id before somebody at its address took it over. That one may take it back.
    tracking::join_token earlier;
    std::string address;
    time_point left_at = never;  ///< never: it is here
  };
  void forget(time_point now);
  void forget_one();

  std::unordered_map<peer_id, owner> owners_;
  std::deque<std::pair<time_point, peer_id>> left_;  ///< when they left; some have come back since
  std::unordered_map<std::string, std::uint32_t> kept_at_;
};

}  // namespace shoal
