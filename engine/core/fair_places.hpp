// Who gives way when places run out: one of the origin that holds most, and there the least useful.
//
// So an origin that holds few places keeps them, and newcomers get in while others hold more. A place that was of use
// lately is kept longest. A newcomer has a short grace to become useful, but only against those who hold no fewer
// places: otherwise one origin could take all places by always being new. Among equals the oldest goes: whoever means
// to talk does so soon. Pure; the owner of the places asks it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "core/address_group.hpp"
#include "core/time.hpp"

namespace shoal {

class fair_places {
 public:
  using place_id = std::uint64_t;
  /// What was of use within this time counts as useful. Later it counts as if it never had been.
  static constexpr duration useful_for = std::chrono::minutes(1);

  /// `grace`: a newcomer has so long to become useful.
  explicit fair_places(duration grace = duration::zero()) : grace_(grace) {}

  /// Somebody of `origin` has a place from now on.
  place_id take(const address_group& origin, time_point now);
  /// The place was of use at `when`: something was done for which places are there.
  void on_use(place_id place, time_point when);
  void leave(place_id place);
  /// Whose place a newcomer of `origin` gets. Nothing if no place is taken, or if all that could give way are in their
  /// grace. The caller ends what holds the place, and calls leave(). No address: the newcomer is wanted by the owner of
  /// the places, and grace does not count.
  std::optional<place_id> next_to_leave(const address_group& origin, time_point now) const;
  /// The least useful place of `origin`.
  std::optional<place_id> least_useful(const address_group& origin, time_point now) const;
  /// The place is in its grace.
  bool in_grace(place_id place, time_point now) const;

  std::size_t held_by(const address_group& origin) const;
  /// The origin of this place is not `newcomer`, and holds more than its part of `places` if all origins share them
  /// equally.
  bool above_part(place_id place, std::size_t places, const address_group& newcomer) const;
  std::size_t size() const { return places_.size(); }

 private:
  enum class worth : std::uint8_t { none, in_grace, useful };
  struct place {
    address_group origin;
    time_point begun;
    time_point useful;  ///< the last use, or the beginning
    bool used = false;
  };
  struct rank {
    worth how;
    time_point since;
    auto operator<=>(const rank&) const = default;
  };
  rank rank_of(const place& one, time_point now) const;
  /// The least useful of `origin`, or of all if that is null.
  std::optional<place_id> least(const address_group* origin, time_point now) const;

  duration grace_;
  place_id next_ = 0;
  std::map<place_id, place> places_;
  std::map<address_group, std::size_t> held_;
};

}  // namespace shoal
