// Who called for one share, lied, and is not let in for a while.
//
// Anybody can claim any peer id. So a ban names the id together with the address that called, and never an id alone. An
// honest peer whose id a liar used stays where it is. peer_book bans what was dialled, by its endpoint.
//
// Several liars of one origin that call with new ids make the origin wait, longer each time. It may still be dialled:
// other peers may stand behind the same router. Pure; owned by peer/share/share_peers.
#pragma once

#include <cstddef>
#include <map>
#include <utility>

#include "core/address_group.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/ban.hpp"

namespace shoal {

/// An origin from which so many different ids lied may not call for a while. One household is not one person.
inline constexpr std::size_t liars_per_origin = 3;
/// The first such while. It doubles with each further liar.
inline constexpr duration origin_ban_min = std::chrono::minutes(1);
inline constexpr duration origin_ban_max = std::chrono::hours(1);
/// Callers and origins that are remembered. Bounds what liars can make us hold.
inline constexpr std::size_t caller_bans_max = 10'000;

class caller_bans {
 public:
  /// The peer that called from `origin` as `id` lied.
  void on_liar(const peer_id& id, const address_group& origin, time_point now);
  /// The caller is not to be let in.
  bool banned(const peer_id& id, const address_group& origin, time_point now) const;
  /// Callers that are banned now.
  std::size_t count(time_point now) const;

 private:
  struct record {
    std::size_t liars = 0;
    time_point until{};
  };
  std::map<std::pair<address_group, peer_id>, ban> callers_;
  std::map<address_group, record> origins_;
};

}  // namespace shoal
