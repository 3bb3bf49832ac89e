// What to do with a connection whose peer id has a session already: refuse it, let it in beside, or in its place.
//
// An id is public, so a connection that presents it proves nothing. It displaces no session that works.
//
// The side that was called decides about a connection; the caller waits for the decision. A session that we dialled
// leads to whoever listens there, so another connection with its id is refused. What merely called with an id does not
// keep others from the id: both stay, an honest peer closes the one that it has given up, and a liar gains nothing.
//
// If two peers dial each other at the same moment, each is called before its own dial is answered. Then the one with
// the greater id keeps what it dialled, and closes what called. The other one refuses nothing that it dialled. So a
// liar that calls first with another's id keeps nobody from dialling that peer. Pure; peer/share/share_peers asks it.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// Connections of two peers that dial each other cross within this time, or the peers have long known better.
inline constexpr duration crossing_max = std::chrono::seconds(1);

/// The present session, as seen when the newcomer comes.
struct present_session {
  bool same_address = false;  ///< as the newcomer
  bool dialled = false;       ///< by us
  bool proven = false;        ///< payload went over it
  bool doubted = false;       ///< nothing came over it for a moment
  bool lost = false;          ///< what was sent over it is not acknowledged
  duration age{};
};
struct second_connection {
  bool dialled = false;            ///< by us; the other side let it in
  bool in_place = false;           ///< we dialled it because the present one is lost
  bool opened_by_greater = false;  ///< the peer with the greater id opened it
  bool may_cross = true;           ///< no two connections of this id have crossed lately
  duration age{};                  ///< since we began to dial; zero if the peer called
};

enum class second_verdict : std::uint8_t {
  refuse,          ///< the newcomer goes
  refuse_checked,  ///< the newcomer goes, and the present one is asked for a sign of life
  beside,          ///< both stay
  beside_checked,  ///< both stay, and the present one is asked for a sign of life
  in_lost_place,   ///< the present one is lost
  crossed,         ///< both sides dialled at the same moment, and keep what the greater id opened: the newcomer
};

constexpr second_verdict judge(const second_connection& newcomer, const present_session& present) {
  if (newcomer.in_place && (present.doubted || present.lost)) return second_verdict::in_lost_place;
  const auto beside = present.doubted ? second_verdict::beside_checked : second_verdict::beside;
  if (!present.same_address) return beside;
  if (present.lost) return second_verdict::in_lost_place;
  if (present.proven && !present.doubted) return second_verdict::refuse;
  const bool crossing = !present.proven && present.age < newcomer.age + crossing_max && newcomer.may_cross;
  if (newcomer.dialled && !present.dialled && crossing && newcomer.opened_by_greater) return second_verdict::crossed;
  if (newcomer.dialled || !present.dialled) return beside;
  if (crossing && newcomer.opened_by_greater) return second_verdict::crossed;
  return present.doubted ? second_verdict::refuse_checked : second_verdict::refuse;
}

}  // namespace shoal
