// How many connections with peers this process holds, of all shares together, and who gives way when there is no room.
//
// Sessions that others opened hold places, which are shared out by origin and by use (core/fair_places). Sessions that
// this peer opened hold none: nobody else decides how many there are. A download that ends holds its descriptors longer
// than its sessions. So it counts as a session, too.
//
// Code that begins a session or a dial counts it, and counts it out at its end. Pure; part of peer_context.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/assert.hpp"
#include "core/descriptor_budget.hpp"
#include "core/fair_places.hpp"

namespace shoal {

/// A session that another peer opened.
class place_holder {
 public:
  /// When payload that was asked for last went over it. Nothing: none ever did.
  virtual std::optional<time_point> last_use() const = 0;
  /// Another connection gets the place. Ends the session.
  virtual void give_way() = 0;

 protected:
  ~place_holder() = default;
};

class connection_counts {
 public:
  /// Sessions that one origin opens. Room for a whole lab behind one router, with some left for others.
  static constexpr std::size_t sessions_per_origin_max = 256;
  /// A session that was of use within this time does not give way, unless its origin holds more than its part.
  static constexpr duration busy = std::chrono::seconds(10);
  /// A session that begins may be the next in line to be served, and is not of use yet.
  static constexpr duration grace = std::chrono::seconds(5);

  explicit connection_counts(const descriptor_budget& budget)
      : sessions_max_(budget.sessions), dials_max_(budget.dials) {}

  bool may_begin_session() const { return sessions_ + finishing_ < sessions_max_; }
  /// There is room for a dial, and for the session that it leads to. Sessions that others opened make room for it, as
  /// far as they hold more than half of all.
  bool may_dial() const { return dials_ < dials_max_ && (may_begin_session() || 2 * places_.size() > sessions_max_); }
  /// A peer of `origin` may open one more session. If there is no room, the least useful session gives way. False:
  /// all that could are in use, or have just begun. No address: this peer opened the session.
  [[nodiscard]] bool make_room(const address_group& origin, time_point now) {
    const bool too_many = places_.held_by(origin) >= sessions_per_origin_max;
    if (!too_many && may_begin_session()) return true;
    for (const auto& [place, holder] : holders_) {
      if (const auto used = holder->last_use()) places_.on_use(place, *used);
    }
    const auto place = too_many ? places_.least_useful(origin, now) : places_.next_to_leave(origin, now);
    if (!place || (too_many && places_.in_grace(*place, now))) return false;
    place_holder& holder = *holders_.at(*place);
    const auto used = holder.last_use();
    const bool in_use = used && now - *used < busy;
    if (in_use && (too_many || !places_.above_part(*place, sessions_max_, origin))) return false;
    leave(*place);
    holder.give_way();
    return true;
  }

  /// We opened the connection.
  void on_session() { ++sessions_; }
  /// A peer of `origin` did.
  fair_places::place_id on_called(const address_group& origin, place_holder& holder, time_point now) {
    ++sessions_;
    const auto place = places_.take(origin, now);
    holders_.emplace(place, &holder);
    return place;
  }
  /// `place`: of on_called().
  void on_session_end(const std::optional<fair_places::place_id>& place) {
    SHOAL_ASSERT(sessions_ > 0);
    --sessions_;
    if (place && holders_.contains(*place)) leave(*place);
  }
  /// A download has all its data, and writes the rest to disk.
  void on_finish() { ++finishing_; }
  void on_finish_end() {
    SHOAL_ASSERT(finishing_ > 0);
    --finishing_;
  }
  void on_dial() { ++dials_; }
  void on_dial_end() {
    SHOAL_ASSERT(dials_ > 0);
    --dials_;
  }
  std::size_t sessions() const { return sessions_; }
  /// Dials under way.
  std::size_t dials() const { return dials_; }

 private:
  void leave(fair_places::place_id place) {
    places_.leave(place);
    holders_.erase(place);
  }

  std::size_t sessions_max_;
  std::size_t dials_max_;
  std::size_t sessions_ = 0;
  std::size_t finishing_ = 0;
  std::size_t dials_ = 0;
  fair_places places_{grace};
  std::map<fair_places::place_id, place_holder*> holders_;
};

}  // namespace shoal
