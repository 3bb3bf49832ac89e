// The tracker as its sessions see it: mutated messages of several of them, in any order, against the real registry.
//
// Each line of the input is one event. Its first character picks the session. Then comes a message of a peer as it
// travels at /live, or one of: '-' the session ends, '.' time passes. After each event the registry is consistent, and
// what it has to tell is a message that the other side takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <variant>

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "directory/dial_backs.hpp"
#include "directory/registry.hpp"
#include "directory/tracking_pack.hpp"

namespace {

using namespace shoal;

constexpr std::size_t events_max = 200;

class tracker {
 public:
  void on_event(std::string_view line) {
    const auto slot = static_cast<std::uint8_t>(line.front()) % 8u;
    const std::string_view what = line.substr(1);
    if (what == "-") {
      leave(slot);
    } else if (what == ".") {
      now_ += std::chrono::milliseconds(20);
    } else if (const auto message = tracking::decode_peer_message(what)) {
      std::visit(overloaded{[&](const tracking::join& said) { join(slot, said); },
                            [&](const tracking::leave&) { leave(slot); }, [&](const tracking::look&) { look(slot); },
                            [&](const auto& said) { say(slot, said); }},
                 *message);
    }
    registry_.check_invariants();
    tell();
  }

 private:
  void join(std::uint32_t slot, const tracking::join& said) {
    if (here_.contains(slot)) return;
    registry::newcomer one;
    one.row.peer = said.peer;
    one.row.name = said.name;
    one.row.version = said.version;
    one.row.port = said.port;
    one.observed = "192.0.2." + std::to_string(slot / 2);
    one.row.address = one.observed;
    one.token = said.token;
    const auto plan = dials_.next(one.observed, said.port, now_);
    if (plan == dial_backs::plan::dial) dials_.on_result(one.observed, said.port, said.port % 2 == 0);
    one.row.reachable = said.port % 2 == 0;
    if (said.name.size() % 2 == 0) one.silent = registry_.session_of(said.peer);
    const auto session = tracker_session_id{next_++};
    const auto joined = registry_.on_join(session, one, now_);
    if (!joined) return;
    std::erase_if(here_, [&](const auto& other) { return *joined && other.second == **joined; });
    here_[slot] = session;
  }
  void look(std::uint32_t slot) {
    if (here_.contains(slot)) return;
    const auto session = tracker_session_id{next_++};
    const auto looks = registry_.on_look(session, "192.0.2." + std::to_string(slot / 2), now_);
    if (!looks) return;
    std::erase_if(here_, [&](const auto& other) { return *looks && other.second == **looks; });
    here_[slot] = session;
  }
  void leave(std::uint32_t slot) {
    if (const auto found = here_.extract(slot)) registry_.on_leave(found.mapped(), now_);
  }
  template <class Message>
  void say(std::uint32_t slot, const Message& said) {
    const auto found = here_.find(slot);
    // Also for sessions that did not join.
    const tracker_session_id session = found == here_.end() ? tracker_session_id{0} : found->second;
    if constexpr (std::is_same_v<Message, tracking::publish>) (void)registry_.on_publish(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::withdraw>) registry_.on_withdraw(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::progress>) registry_.on_progress(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::hashing>) (void)registry_.on_hashing(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::watch>) (void)registry_.on_watch(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::unwatch>) registry_.on_unwatch(session, said);
    if constexpr (std::is_same_v<Message, tracking::unreached>) registry_.on_unreached(session, said, now_);
    if constexpr (std::is_same_v<Message, tracking::resync>) registry_.on_resync(session, now_);
    if constexpr (std::is_same_v<Message, tracking::list_peers>) check(registry_.page(said));
  }
  void tell() {
    if (registry_.next_deadline() > now_) return;
    const auto batch = registry_.next_batch(now_);
    registry_.check_invariants();
    if (batch.snapshot) check(batch.snapshot->message);
    for (const auto& one : batch.swarms) check(one.message);
    for (const auto& one : batch.wanted) check(one.message);
    if (batch.delta) check(batch.delta->message);
    check(registry_.snapshot());
  }
  template <class Message>
  void check(const Message& said) {
    const auto text = tracking::encode(tracking::tracker_message(said));
    const auto again = tracking::decode_tracker_message(text);
    SHOAL_ASSERT(again && *again == tracking::tracker_message(said));
    if (const auto packed = tracking::pack(text)) SHOAL_ASSERT(*tracking::unpack(*packed) == text);
  }

  registry registry_{registry::limits{.shares_per_peer_max = 20,
                                      .watches_per_peer_max = 4,
                                      .sessions_per_address_max = 2,
                                      .peers_max = 6,
                                      .listed_peers_max = 3,
                                      .crowd = {.told_max = 3, .told_min = 2, .seeders_min = 1},
                                      .shares_max = 40,
                                      .bytes_max = 40'000,
                                      .bytes_per_address_max = 20'000,
                                      .offers_per_address_max = 30,
                                      .watches_per_address_max = 6,
                                      .lookers_max = 3,
                                      .lookers_per_address_max = 2}};
  dial_backs dials_;
  std::map<std::uint32_t, tracker_session_id> here_;
  std::uint32_t next_ = 1;
  time_point now_{std::chrono::hours(1)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = shoal::as_text({data, size});
  tracker subject;
  for (std::size_t events = 0; !text.empty() && events < events_max; ++events) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty()) subject.on_event(line);
  }
  return 0;
}
