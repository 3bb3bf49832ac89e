#include "gateway/event_feed.hpp"

#include <boost/json/serialize.hpp>
#include <functional>
#include <random>
#include <unordered_set>

#include "control/described.hpp"
#include "control/make_rows.hpp"
#include "gateway/private_members.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

/// A client that reads slowly holds no more than about this.
constexpr std::size_t batch_bytes = 8 * 1024;

std::string new_run() {
  std::random_device random;
  return std::to_string(random());
}

json::value told(json::value row) {
  leave_out_private(row);
  // Says when somebody heard of it last, which is no change of it.
  if (auto* object = row.if_object()) object->erase("as_of");
  return row;
}

}  // namespace

event_feed::event_feed(peer_node& node)
    : node_(node), log_(new_run()), news_(node.executor()), begin_(node.executor()) {}

void event_feed::tell(std::string_view type, const json::value& of) {
  if (looked_) log_.add(type, json::serialize(of));
}

template <class Row>
void event_feed::compare(known_rows& known, const std::vector<Row>& rows, std::string Row::* id,
                         std::string_view type) {
  std::unordered_set<std::string> there;
  for (const Row& row : rows) {
    const std::string& name = row.*id;
    // What is hashed elsewhere has no id yet.
    if (name.empty() || !there.insert(name).second) continue;
    const std::string text = json::serialize(told(to_json(row)));
    const std::size_t hash = std::hash<std::string>()(text);
    const auto [at, is_new] = known.try_emplace(name, hash);
    if (!is_new && at->second == hash) continue;
    at->second = hash;
    if (looked_) log_.add(type, text);
  }
  std::erase_if(known, [&](const auto& one) {
    const bool gone = !there.contains(one.first);
    if (gone) tell(std::string(type) + "-gone", json::object{{"id", one.first}});
    return gone;
  });
}

void event_feed::look_at_swarm() {
  if (node_.discovery().swarm().share_count() <= event_shares_max) {
    compare(shares_, listed_shares(node_, "*", true, node_.options().trust), &rows::listed_share::id, "share");
  }
  compare(peers_, listed_peers(node_), &rows::listed_peer::peer, "peer");
}

void event_feed::look() {
  rows::status status = status_of(node_);
  compare(downloads_, status.downloads, &rows::download::id, "download");
  swarm_state swarm{.version = node_.discovery().swarm().version(), .own = node_.library().hosted().rows()};
  for (const rows::download& one : status.downloads) swarm.phases.emplace_back(one.id, one.phase);
  if (!looked_ || swarm != swarm_) look_at_swarm();
  swarm_ = std::move(swarm);
  status.downloads.clear();
  status.shares.clear();
  status.hashing.resize(std::min(status.hashing.size(), hashing_shown_max));
  json::value figures = told(to_json(status));
  figures.as_object().erase("downloads");
  figures.as_object().erase("shares");
  // That time passes is no news.
  figures.as_object().erase("uptime");
  const std::size_t hash = std::hash<std::string>()(json::serialize(figures));
  if (hash != status_) tell("status", figures);
  status_ = hash;
  looked_ = true;
}

awaitable<void> event_feed::run() {
  while (!stopped_) {
    const time_point now = clock::now();
    if (!wanted(now)) {
      if (looked_) log_.clear();
      looked_ = false;
      shares_.clear();
      peers_.clear();
      downloads_.clear();
      co_await begin_.wait();
      continue;
    }
    const std::uint64_t before = log_.last();
    look();
    if (log_.last() != before) news_.notify_all();
    const duration spent = clock::now() - now;
    (void)co_await begin_.wait_until(now + std::max(event_look_interval, event_pause_factor * spent));
  }
}

void event_feed::stop() {
  stopped_ = true;
  begin_.set();
  news_.notify_all();
}

awaitable<void> event_feed::answer(http_exchange& with) {
  http_head head;
  head.result(http_status::ok);
  head.set(http_field::content_type, "text/event-stream");
  head.set(http_field::cache_control, "no-store");
  const bool begun = co_await with.begin_chunked(std::move(head));
  if (!begun || with.head_only()) co_return;
  ++listeners_;
  if (!looked_) {
    look();
    begin_.set();
  }
  std::uint64_t at = log_.last();
  std::string text = "retry: 2000\n\n";
  const auto given = with.request()["Last-Event-ID"];
  const std::string_view last(given.data(), given.size());
  if (const auto number = log_.number_of(last)) {
    at = *number;
  } else if (!last.empty()) {
    text += log_.reset();
  }
  bool open = true;
  while (open && !stopped_ && with.keep_waiting()) {
    const auto missed = log_.events_after(at, batch_bytes);
    text += missed ? missed->text : log_.reset();
    at = missed ? missed->last : log_.last();
    if (text.empty()) text = ":\n\n";
    open = co_await with.send_chunk(text);
    text.clear();
    const time_point quiet = clock::now() + event_quiet_max;
    while (open && !stopped_ && log_.last() == at && clock::now() < quiet && with.keep_waiting()) {
      co_await news_.wait_until(std::min(quiet, clock::now() + std::chrono::seconds(1)));
    }
  }
  remembered_until_ = clock::now() + event_memory;
  --listeners_;
  if (open) (void)co_await with.end_chunks();
}

}  // namespace shoal
