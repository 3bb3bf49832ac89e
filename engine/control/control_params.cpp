#include "control/control_params.hpp"

#include <algorithm>

#include "net/endpoint.hpp"

namespace shoal {

namespace {

// How long a word waits for the first snapshot of a tracker when the peer has only just started.
constexpr auto catalogue_wait = std::chrono::seconds(5);
// How soon a wait ends after the client is gone.
constexpr duration abandoned_check_interval = std::chrono::milliseconds(100);

}  // namespace

std::optional<std::string> text_param(const control_call& call, std::string_view name) {
  const auto* value = call.params.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

bool flag_param(const control_call& call, std::string_view name, bool otherwise) {
  const auto* value = call.params.if_contains(name);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

std::vector<std::string> list_param(const control_call& call, std::string_view name) {
  std::vector<std::string> texts;
  const auto* value = call.params.if_contains(name);
  if (value == nullptr || !value->is_array()) return texts;
  for (const auto& one : value->as_array()) {
    if (one.is_string()) texts.emplace_back(one.as_string());
  }
  return texts;
}

error missing_param(std::string_view name) {
  return {errc::usage, "parameter '" + std::string(name) + "' is missing: see docs/CONTROL.md"};
}

result<share_here> here_param(const control_call& call) {
  const auto what = text_param(call, "what");
  if (!what) return missing_param("what");
  const auto id = call.node.find_here(*what);
  if (!id) return id.error();
  const auto at = call.node.shares().find(*id);
  share_here here{*id, "", at != call.node.shares().end() ? at->second : nullptr, call.node.missing(*id),
                  call.node.paused(*id)};
  if (here.running) {
    here.name = here.running->name();
  } else {
    here.name = here.missing != nullptr ? here.missing->info->name() : here.paused->row.name;
  }
  return here;
}

metainfo_ptr share_here::info() const {
  if (running) return running->info();
  return missing != nullptr ? missing->info : paused->info;
}

awaitable<void> wait_for_change(control_call& call, time_point give_up) {
  co_await call.node.changes().wait_until(std::min(clock::now() + abandoned_check_interval, give_up));
}

// A peer that has only just started has no catalogue yet; asking it then must not look like an empty swarm.
awaitable<void> wait_for_catalogue(control_call& call) {
  const auto give_up = clock::now() + catalogue_wait;
  while (!call.node.discovery().ready() && !call.abandoned() && clock::now() < give_up) {
    co_await wait_for_change(call, give_up);
  }
}

error without_tracker(const control_call& call) {
  const auto& tracker = *call.node.discovery().trackers().front();
  const std::string name = "tracker " + to_text(tracker.where());
  const std::uint32_t tries = tracker.state().attempts;
  if (tries == 0) {
    return {errc::timed_out, name + " has not answered within " +
                                 std::to_string(std::chrono::seconds(catalogue_wait).count()) +
                                 " seconds: is it stopped, or very busy?"};
  }
  return {errc::unreachable, name + " cannot be reached after " + std::to_string(tries) +
                                 (tries == 1 ? " try: " : " tries: ") + tracker.state().reason};
}

}  // namespace shoal
