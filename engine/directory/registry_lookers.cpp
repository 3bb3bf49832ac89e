// registry: sessions that only look, such as pages in browsers.
//
// They are told what peers are told, in the same messages, so one more costs a send for each batch and nothing else.

#include <algorithm>

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

result<std::optional<tracker_session_id>> registry::make_room_to_look(const std::string& observed) const {
  const auto mine = addresses_.find(observed);
  const std::uint32_t here = mine == addresses_.end() ? 0 : mine->second.lookers;
  const auto full = [](std::uint32_t count, const std::string& from) {
    return error{errc::limit, "too many look at this tracker" + from + ": it takes " + std::to_string(count) +
                                  "; close other pages, or try later"};
  };
  if (here >= limits_.lookers_per_address_max) return full(limits_.lookers_per_address_max, " from " + observed);
  if (lookers_.size() < limits_.lookers_max) return std::optional<tracker_session_id>();
  // The first of the address with most of them: who comes back must not push out who has as few.
  const auto held = [this](tracker_session_id one) { return sessions_.at(one).at->second.lookers; };
  const auto most = std::ranges::max_element(lookers_, {}, held);
  if (most == lookers_.end() || held(*most) <= here + 1) return full(limits_.lookers_max, "");
  return std::optional(*most);
}

result<std::optional<tracker_session_id>> registry::on_look(tracker_session_id session, const std::string& observed,
                                                            time_point now) {
  SHOAL_ASSERT(!sessions_.contains(session));
  const auto room = make_room_to_look(observed);
  if (!room) return room.error();
  if (*room) drop_session(**room, now);
  session_state& state = sessions_[session];
  state.looks = true;
  state.at = &*addresses_.try_emplace(observed).first;
  ++state.at->second.sessions;
  ++state.at->second.lookers;
  lookers_.insert(session);
  newcomers_.insert(session);
  mark_changed(now);
  return *room;
}

}  // namespace shoal
