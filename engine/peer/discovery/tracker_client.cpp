#include "peer/discovery/tracker_client.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "core/overloaded.hpp"
#include "observe/log.hpp"
#include "peer/discovery/tracker_connection.hpp"

namespace shoal {

namespace {

tracking::join_token make_token() {
  tracking::join_token token;
  std::random_device random;
  for (std::uint8_t& byte : token.bytes) byte = static_cast<std::uint8_t>(random());
  return token;
}

}  // namespace

tracker_client::tracker_client(asio::any_io_executor executor, const swarm_keys& keys, std::size_t tracker,
                               host_port where, std::function<tracking::join()> describe, catalogue& rows,
                               tracker_observer& observer)
    : executor_(executor),
      keys_(keys),
      tracker_(tracker),
      where_(std::move(where)),
      describe_(std::move(describe)),
      rows_(rows),
      observer_(observer),
      token_(make_token()),
      backoff_(std::random_device{}()),
      wake_(executor),
      ended_(executor),
      pages_(executor) {
  state_.reason = "connecting to " + name();
}

tracker_client::~tracker_client() = default;

std::string tracker_client::name() const {
  return to_text(where_);
}

awaitable<void> tracker_client::run() {
  running_ = true;
  while (!stopped_) {
    const auto opened = co_await attempt();
    error why;
    if (opened) {
      unsaid_.on_connected();
      co_await connection_->run();
      why = {errc::unreachable, connection_->reason()};
      if (state_.connected) last_news_ = connection_->last_heard();
    } else {
      why = opened.error();
    }
    connection_.reset();
    on_session_end(why);
    if (stopped_) break;
    (void)co_await wake_.wait_until(clock::now() + backoff_.next_delay());
  }
  running_ = false;
  ended_.set();
}

awaitable<result<void>> tracker_client::attempt() {
  const auto found = co_await resolve(where_, attempt_timeout);
  if (!found) co_return found.error();
  error last{errc::unreachable, "host " + where_.host + " has no address"};
  for (const tcp::endpoint& endpoint : *found) {
    if (stopped_) co_return error{errc::cancelled, "stopped"};
    tracking::join join = describe_();
    join.token = token_;
    self_ = join.peer;
    tracker_connection_reader& self = *this;
    connection_ = std::make_unique<tracker_connection>(executor_, keys_, std::move(join), unsaid_, self);
    const auto opened = co_await connection_->open(endpoint, name(), attempt_timeout);
    if (opened) co_return opened;
    last = opened.error();
  }
  co_return last;
}

tracker_state tracker_client::state() const {
  tracker_state seen = state_;
  if (!mute_ || !seen.connected) return seen;
  seen.connected = false;
  seen.attempts = 1;
  seen.reason = "tracker " + name() + " does not answer: is it stopped, or very busy?";
  return seen;
}

void tracker_client::on_mute(bool mute) {
  mute_ = mute;
  if (!state_.connected) return;
  if (mutes_logged_.pass(clock::now())) {
    if (mute) log_warn("tracker does not answer tracker={}", name());
    if (!mute) log_info("tracker answers again tracker={}", name());
  }
  observer_.on_rows(tracker_);
}

void tracker_client::on_session_end(const error& why) {
  const std::string& reason = why.text;
  mute_ = false;
  const bool was_connected = std::exchange(state_.connected, false);
  const bool is_news = was_connected || state_.reason != reason;
  state_.reason = reason;
  state_.why = why.code;
  state_.helps = why.helps;
  ++state_.attempts;
  if (is_news && !stopped_ && ends_logged_.pass(clock::now())) {
    log_warn("tracker is gone tracker={} reason=\"{}\" unlogged={}", name(), reason, ends_logged_.take_left_out());
  }
  pages_.notify_all();
  if (was_connected) rows_.on_away(tracker_);
  if (was_connected) observer_.on_disconnected(tracker_, reason);
}

bool tracker_client::on_message(tracking::tracker_message& message) {
  bool follows = true;
  std::visit(overloaded{
                 [&](tracking::welcome& said) {
                   welcome_ = std::move(said);
                   state_.address = welcome_.address;
                   state_.reachable = welcome_.reachable;
                 },
                 [&](tracking::snapshot& said) { on_snapshot(std::move(said)); },
                 [&](const tracking::delta& said) {
                   follows = rows_.on_delta(tracker_, said);
                   if (follows) observer_.on_rows(tracker_);
                 },
                 [&](tracking::swarm& said) {
                   std::erase_if(said.joined, [this](const tracking::endpoint_row& row) { return row.peer == self_; });
                   std::erase(said.left, self_);
                   if (state_.connected && unsaid_.is_watched(said.id)) observer_.on_swarm(tracker_, said);
                 },
                 [&](const tracking::wanted& said) {
                   if (state_.connected && said.peer != self_) observer_.on_wanted(tracker_, said);
                 },
                 [&](tracking::peers_page& said) {
                   if (page_wanted_ != said.after) return;
                   page_ = std::move(said);
                   pages_.notify_all();
                 },
                 [&](const tracking::failure& said) {
                   if (!refusals_logged_.pass(clock::now())) return;
                   log_warn("tracker refuses tracker={} code={} text={} unlogged={}", name(), said.code, said.text,
                            refusals_logged_.take_left_out());
                 },
             },
             message);
  return follows;
}

void tracker_client::on_snapshot(tracking::snapshot snapshot) {
  rows_.on_snapshot(tracker_, std::move(snapshot));
  if (!std::exchange(state_.connected, true)) {
    state_.reason.clear();
    state_.attempts = 0;
    backoff_.reset();
    if (begins_logged_.pass(clock::now())) {
      log_info("tracker connects tracker={} address={} reachable={} unlogged={}", name(), state_.address,
               state_.reachable, begins_logged_.take_left_out());
    }
    observer_.on_connected(tracker_, welcome_);
  }
  observer_.on_rows(tracker_);
}

std::chrono::system_clock::time_point tracker_client::last_news() const {
  return state_.connected && connection_ ? connection_->last_heard() : last_news_;
}

void tracker_client::on_address(const address_change& change) {
  if (change.gone && connection_ && connection_->local_address() == change.address) {
    connection_->close("the address " + change.address.to_string() + " of this machine is gone");
  } else if (!change.gone && !state_.connected) {
    backoff_.reset();
    wake_.set();
  }
}

void tracker_client::on_keys() {
  const auto& key = connection_ ? connection_->key() : std::nullopt;
  if (key && *key != keys_.keys().front().id()) {
    connection_->close("this peer offers another key now");
  } else if (!state_.connected) {
    backoff_.reset();
    wake_.set();
  }
}

void tracker_client::stop() {
  stopped_ = true;
  wake_.set();
  pages_.notify_all();
  if (connection_) connection_->close("stopped");
}

awaitable<void> tracker_client::leave() {
  stopped_ = true;
  wake_.set();
  if (running_ && connection_ && connection_->leave()) {
    (void)co_await ended_.wait_until(clock::now() + leave_timeout);
  }
  stop();
}

result<void> tracker_client::publish(tracking::share_offer offer) {
  auto published = unsaid_.on_publish(std::move(offer));
  announce();
  return published;
}

void tracker_client::withdraw(const share_id& id) {
  unsaid_.on_withdraw(id);
  announce();
}

void tracker_client::progress(const share_id& id, std::uint64_t have) {
  unsaid_.on_progress(id, have);
  announce();
}

void tracker_client::hashing(std::vector<tracking::hashing_row> rows) {
  unsaid_.on_hashing(std::move(rows));
  announce();
}

void tracker_client::watch(const share_id& id) {
  unsaid_.on_watch(id);
  announce();
}

void tracker_client::unwatch(const share_id& id) {
  unsaid_.on_unwatch(id);
  announce();
}

void tracker_client::unreached(const share_id& id, std::vector<peer_id> peers) {
  unsaid_.on_unreached(id, std::move(peers));
  announce();
}

awaitable<result<std::vector<tracking::peer_row>>> tracker_client::list_peers() {
  while (listing_ && !stopped_) co_await pages_.wait_until(never);
  listing_ = true;
  std::vector<tracking::peer_row> rows;
  result<void> outcome;
  peer_id after{};
  for (bool last = false; !last && outcome;) {
    auto page = co_await next_page(after);
    if (!page) {
      outcome = page.error();
      break;
    }
    last = page->last || page->peers.empty() || rows.size() > tracking::peers_max;
    if (!last) after = page->peers.back().peer;
    std::ranges::move(page->peers, std::back_inserter(rows));
  }
  listing_ = false;
  pages_.notify_all();
  if (!outcome) co_return outcome.error();
  co_return rows;
}

awaitable<result<tracking::peers_page>> tracker_client::next_page(peer_id after) {
  page_wanted_ = after;
  page_.reset();
  unsaid_.on_list_peers({after});
  announce();
  const auto give_up = clock::now() + page_timeout;
  while (!page_ && state_.connected && !stopped_ && clock::now() < give_up) co_await pages_.wait_until(give_up);
  page_wanted_.reset();
  if (page_) co_return std::move(*page_);
  if (!state_.connected) co_return error{errc::unreachable, "tracker " + name() + " is away: " + state_.reason};
  co_return error{errc::timed_out, "tracker " + name() + " does not say which peers there are"};
}

void tracker_client::announce() {
  if (connection_) connection_->announce();
}

}  // namespace shoal
