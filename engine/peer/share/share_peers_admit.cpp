// share_peers: who is let in. policy/second_connection judges a connection whose id has a session already.

#include <algorithm>

#include "net/endpoint.hpp"
#include "peer/share/share_peers.hpp"
#include "policy/second_connection.hpp"

namespace shoal {

namespace {

// Sessions of one id that one address opened: the one that works, or is lost, and the one that comes in its place.
constexpr std::size_t beside_max = 2;
// Ids whose connections crossed lately. Forgotten all at once, which costs a reconnect at most.
constexpr std::size_t crossed_max = 1000;
constexpr duration crossed_lately = std::chrono::minutes(1);
// A session that is doubted has so long to acknowledge a keep-alive.
constexpr duration check_max = std::chrono::seconds(2);
constexpr duration check_interval = std::chrono::milliseconds(50);

}  // namespace

bool share_peers::is_contested(const newcomer& one) const {
  const auto now = clock::now();
  return std::ranges::any_of(links_, [&](const link& each) {
    const session& other = *each.with;
    const session_path& path = other.path();
    const bool works = path.proven() && path.silent_for(now) <= path_doubted_after;
    return !other.closed() && other.remote().id() == one.id && !path.dialled() && !works;
  });
}

bool share_peers::admit(const newcomer& one) {
  const auto now = clock::now();
  if (one.id == context_.self) return false;
  if (!one.dialled && bans_.banned(one.id, group_of(one.address), now)) return false;
  std::vector<std::uint64_t> doubted;
  std::vector<session*> lost;
  std::vector<session*> crossed;
  const auto last_crossing = crossed_.find(one.id);
  second_connection how;
  how.dialled = one.dialled;
  how.in_place = one.in_place;
  how.age = one.age;
  how.opened_by_greater = one.dialled == (context_.self > one.id);
  how.may_cross = last_crossing == crossed_.end() || now - last_crossing->second > crossed_lately;
  for (const link& each : links_) {
    session& other = *each.with;
    if (other.closed() || other.remote().id() != one.id) continue;
    const session_path& path = other.path();
    present_session present;
    present.same_address = path.remote_address() == one.address;
    present.dialled = path.dialled().has_value();
    present.proven = path.proven();
    present.doubted = path.silent_for(now) > path_doubted_after;
    present.lost = path.is_repeating();
    present.age = now - path.begun();
    switch (judge(how, present)) {
      case second_verdict::refuse_checked:
        tasks_.spawn("check", check(each.number));
        return false;
      case second_verdict::refuse:
        return false;
      case second_verdict::beside:
        break;
      case second_verdict::beside_checked:
        doubted.push_back(each.number);
        break;
      case second_verdict::in_lost_place:
        lost.push_back(&other);
        break;
      case second_verdict::crossed:
        crossed.push_back(&other);
        break;
    }
  }
  if (!make_room_beside(one)) return false;
  if (crossed_.size() >= crossed_max) crossed_.clear();
  if (!crossed.empty()) crossed_[one.id] = now;
  for (session* other : lost) other->close(end_reason::replaced);
  for (session* other : crossed) other->close(end_reason::duplicate);
  for (const std::uint64_t number : doubted) tasks_.spawn("check", check(number));
  if (!lost.empty() || !crossed.empty()) return true;
  // A peer that was dialled takes a place from those that called most.
  return context_.connections.make_room(one.dialled ? address_group() : group_of(one.address), now);
}

bool share_peers::make_room_beside(const newcomer& one) {
  std::size_t count = 0;
  session* youngest = nullptr;
  for (const link& each : links_) {
    session& other = *each.with;
    const session_path& path = other.path();
    if (other.closed() || other.remote().id() != one.id || path.dialled().has_value() != one.dialled) continue;
    if (path.remote_address() != one.address) continue;
    ++count;
    if (!path.proven()) youngest = &other;
  }
  if (count < beside_max) return true;
  if (youngest == nullptr) return false;
  youngest->close(end_reason::duplicate);
  return true;
}

awaitable<void> share_peers::check(std::uint64_t number) {
  const auto timer = checks_.emplace(checks_.end(), context_.executor);
  const time_point begun = clock::now();
  while (!stopped_ && clock::now() - begun < check_max) {
    const auto now = clock::now();
    const auto at = std::ranges::find(links_, number, &link::number);
    if (at == links_.end() || at->with->closed() || at->with->path().silent_for(now) < now - begun) break;
    if (at->with->path_lost(now)) {
      at->with->close(end_reason::replaced);
      break;
    }
    timer->expires_after(check_interval);
    (void)co_await timer->async_wait(use_tuple);
  }
  checks_.erase(timer);
}

}  // namespace shoal
