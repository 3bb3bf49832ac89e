// Who gives way when places run out: one of the origin that holds most, and there the least useful.
//
// So an origin that holds few places keeps them, and newcomers get in while others hold more. A place that was of use
// is kept longer than one that never was. Among equals the oldest goes: whoever means to talk does so soon. Pure; the
// owner of the places asks it.
#pragma once

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

  /// Somebody of `origin` has a place from now on.
  place_id take(const address_group& origin, time_point now);
  /// The place is of use: something was done for which places are there.
  void on_use(place_id place, time_point now);
  void leave(place_id place);
  /// Whose place a newcomer of `origin` gets. Nothing if no place is taken. The caller ends what holds the place, and
  /// calls leave().
  std::optional<place_id> next_to_leave(const address_group& origin) const;
  /// The least useful place of `origin`.
  std::optional<place_id> least_useful(const address_group& origin) const;

  std::size_t held_by(const address_group& origin) const;
  std::size_t size() const { return places_.size(); }

 private:
  struct place {
    address_group origin;
    time_point useful;  ///< the last use, or the beginning
    bool used = false;
  };

  place_id next_ = 0;
  std::map<place_id, place> places_;
  std::map<address_group, std::size_t> held_;
};

}  // namespace shoal
