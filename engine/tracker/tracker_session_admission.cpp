// tracker_session: whether a peer that joins is let in, and whether others can connect to it. Whether a page may look.

#include <algorithm>
#include <utility>

#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "tracker/tracker_session.hpp"

namespace shoal {

awaitable<void> tracker_session::admit() {
  tracking::peer_row row;
  row.peer = join_.peer;
  row.name = join_.name;
  row.version = join_.version;
  row.port = join_.port;
  row.key = key().value_or(key_id());
  const auto observed = plain_address(remote_);
  auto address = observed;
  if (!join_.advertise.empty()) {
    error_code ec;
    address = asio::ip::make_address(join_.advertise, ec);
    if (!settings_.allow_advertise) {
      fail({errc::permission, "this tracker does not take an advertised address, unless whoever runs it allows that"});
      co_return;
    }
    if (ec || address.is_v4() != observed.is_v4()) {
      fail({errc::usage, "cannot advertise '" + join_.advertise + "': it is not an address of the family of " +
                             observed.to_string() + ", from where this peer connects"});
      co_return;
    }
  }
  row.address = address.to_string();
  registry::newcomer one{row, origin_, join_.token};
  auto relation = registry_.relation_of(one, clock::now());
  if (const auto holder = registry_.session_of(row.peer); holder && relation == id_owners::relation::asks) {
    const bool alive = co_await answers(*holder);
    if (closed_) co_return;
    if (alive) relation = id_owners::relation::other;
    one.silent = holder;
  }
  if (relation == id_owners::relation::other) {
    fail(id_owners::refusal(row.peer));
    co_return;
  }
  if (row.port != 0) row.reachable = co_await dial_back(tcp::endpoint(address, row.port));
  if (closed_) co_return;
  const bool told = row.reachable;
  one.row = std::move(row);
  if (let_in(std::move(one)) && guessed_) {
    tasks_.spawn("dial back again", dial_again(tcp::endpoint(address, join_.port), told));
  }
}

bool tracker_session::let_in(registry::newcomer one) {
  const std::string address = one.row.address;
  const bool reachable = one.row.reachable;
  const auto joined = registry_.on_join(id_, std::move(one), clock::now());
  if (!joined) {
    fail(joined.error());
    return false;
  }
  in_registry_ = true;
  heard();
  if (log_limit& joins = host_.log_limits().joins; joins.pass(clock::now())) {
    log_info("peer joins peer={} name={} endpoint={} port={} reachable={} unlogged={}", join_.peer.hex(), join_.name,
             address, join_.port, reachable, joins.take_left_out());
  }
  welcome(address, reachable);
  if (*joined) host_.end_session(**joined, tracker_session_end::replaced);
  auto held = std::exchange(held_, {});
  for (const tracking::peer_message& message : held) {
    if (in_registry_) apply(message);
  }
  held_bytes_ = 0;
  (void)count_inbox(inbox_.size());
  admitted_.set();
  host_.registry_changed();
  return in_registry_;
}

bool tracker_session::is_for_lookers(const tracking::peer_message& message) {
  return std::holds_alternative<tracking::look>(message) || std::holds_alternative<tracking::watch>(message) ||
         std::holds_alternative<tracking::unwatch>(message) || std::holds_alternative<tracking::resync>(message) ||
         std::holds_alternative<tracking::list_peers>(message) || std::holds_alternative<tracking::leave>(message);
}

void tracker_session::begin_to_look() {
  const auto looks = registry_.on_look(id_, origin_, clock::now());
  if (!looks) return fail(looks.error());
  join_received_ = true;
  looks_ = true;
  in_registry_ = true;
  heard();
  if (log_limit& joins = host_.log_limits().joins; joins.pass(clock::now())) {
    log_info("page looks endpoint={} unlogged={}", to_text(remote_), joins.take_left_out());
  }
  welcome(plain_address(remote_).to_string(), false);
  if (tracker_session* before = *looks ? host_.find(**looks) : nullptr) {
    before->fail({errc::limit, "too many look at this tracker: this page gave way to another one"});
  }
  host_.registry_changed();
}

void tracker_session::welcome(const std::string& address, bool reachable) {
  tracking::welcome said;
  said.address = address;
  said.reachable = reachable;
  said.trackers = settings_.trackers;
  said.heartbeat_ms =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(settings_.heartbeat).count());
  send(encode_shared(std::move(said)));
}

awaitable<void> tracker_session::dial_again(tcp::endpoint where, bool told) {
  later_ = std::make_unique<event>(stream_.get_executor());
  while (guessed_) {
    const auto when = clock::now() + settings_.dial_back_interval;
    while (in_registry_ && clock::now() < when) (void)co_await later_->wait_until(when);
    if (!in_registry_) co_return;
    const bool reachable = co_await dial_back(where);
    if (!in_registry_) co_return;
    if (guessed_ || reachable == told) continue;
    registry_.on_reachable(id_, reachable, clock::now());
    host_.registry_changed();
    welcome(where.address().to_string(), reachable);
  }
}

awaitable<bool> tracker_session::answers(tracker_session_id holder) {
  tracker_session* asked = host_.find(holder);
  if (asked == nullptr) co_return false;
  if (!asked->ask(turn_)) co_return true;
  (void)co_await turn_.wait_until(clock::now() + settings_.answer_timeout);
  asked = host_.find(holder);
  if (asked == nullptr || asked->closed()) co_return false;
  const bool waits = std::ranges::count(asked->askers_, &turn_) != 0;
  asked->give_up(turn_);
  co_return !waits;
}

awaitable<bool> tracker_session::dial_back(tcp::endpoint where) {
  const std::string host = where.address().to_string();
  auto plan = dials_.begin(host, where.port(), turn_);
  while (plan == dial_backs::plan::wait) {
    co_await turn_.wait();
    if (closed_) {
      dials_.stop_asking(host, where.port(), turn_);
      co_return false;
    }
    plan = dials_.begin(host, where.port(), turn_);
  }
  guessed_ = plan != dial_backs::plan::dial;
  if (guessed_) co_return plan == dial_backs::plan::reachable;
  if (!dials_.enter(turn_)) {
    co_await turn_.wait();
    if (closed_) {
      dials_.give_up(turn_);
      dials_.abandon(host, where.port());
      co_return false;
    }
  }
  const bool reachable = co_await connect(where);
  dials_.leave();
  dials_.end(host, where.port(), reachable);
  co_return reachable;
}

awaitable<bool> tracker_session::connect(tcp::endpoint where) {
  dialled_ = std::make_unique<stream>(stream_.get_executor());
  const error_code ec = co_await dialled_->connect(where, settings_.dial_back_timeout);
  dialled_.reset();
  co_return !ec;
}

bool tracker_session::ask(event& answered) {
  if (askers_.size() >= askers_max) return false;
  askers_.push_back(&answered);
  if (!std::exchange(pinging_, true)) tasks_.spawn("ping", ping());
  return true;
}

awaitable<void> tracker_session::ping() {
  const boost::beast::websocket::ping_data nothing;
  // Beside the write loop, as Beast allows.
  (void)co_await stream_.async_ping(nothing, use_tuple);
  pinging_ = false;
}

}  // namespace shoal
