// share_peers: connecting to peers, and connecting anew where a path was lost.

#include <algorithm>

#include "directory/tracking.hpp"
#include "net/dial.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/session/handshake.hpp"
#include "peer/share/share_peers.hpp"

namespace shoal {

namespace {

constexpr duration dial_timeout = std::chrono::seconds(5);
// A peer behind a lost path is dialled this often, or each eighth of the time that it has been lost.
constexpr duration redial_interval_min = std::chrono::milliseconds(200);
// A source that owes something and to which nothing gets through is given up after so long, and dialled like any other.
constexpr duration silent_source_max = std::chrono::seconds(5);
// With all places taken, a known address waits for one this long: sessions of other shares end unseen.
constexpr duration room_check_interval = std::chrono::seconds(1);
// A download that lacks sources says so after the first pause, then after twice as long each time. The first is what
// dials within one country take.
constexpr duration call_pause_min = std::chrono::milliseconds(500);
constexpr duration call_pause_max = std::chrono::seconds(30);
// As long as it has nobody at all: a holder may come to whom nobody can connect, and of whom it does not hear.
constexpr duration call_pause_alone = std::chrono::seconds(4);

}  // namespace

share_peers::newcomer share_peers::dialled(const peer_address& where, const wire::handshake& theirs, time_point begun,
                                           bool in_place) {
  error_code ec;
  return {theirs.peer, asio::ip::make_address(where.address, ec), true, in_place, clock::now() - begun};
}

awaitable<bool> share_peers::is_let_in(greeted& peer) {
  const auto fresh = dialling_.insert(dialling_.end(), std::move(peer.connection));
  const bool let_in = co_await has_come(*fresh, dial_timeout);
  peer.connection = std::move(*fresh);
  dialling_.erase(fresh);
  co_return let_in;
}

bool share_peers::has_room() const {
  return context_.connections.may_dial() && book_.has_room(held());
}

void share_peers::on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder) {
  if (peer == context_.self) return;
  book_.on_found(where, peer, seeder, clock::now());
  book_changed_.set();
}

time_point share_peers::call_for_sources(time_point now) {
  if (call_at_ == never) {
    call_pause_ = call_pause_min;
    call_at_ = now + call_pause_;
  }
  if (now < call_at_) return call_at_;
  auto unreached = book_.unreached(tracking::unreached_peers_max);
  const bool starved = owner_.silence() >= starved_after;
  const bool lacking = has_room() && (!unreached.empty() || links_.empty() || starved);
  if (lacking) owner_.on_peers_lacking(std::move(unreached));
  const duration longest = links_.empty() ? call_pause_alone : call_pause_max;
  call_pause_ = lacking ? std::min<duration>(2 * call_pause_, longest) : call_pause_min;
  call_at_ = now + std::max(call_pause_, room_check_interval);
  return call_at_;
}

awaitable<void> share_peers::run() {
  while (owner_.wants_peers()) {
    const auto now = clock::now();
    while (has_room()) {
      const auto next = book_.next_dial(held(), now);
      if (!next) break;
      tasks_.spawn("dial", dial(*next));
    }
    auto look_again = book_.next_deadline();
    // An address that is due and may not be dialled must not keep this loop from waiting at all.
    if (!has_room()) look_again = std::max(look_again, now + room_check_interval);
    look_again = std::min(look_again, call_for_sources(now));
    (void)co_await book_changed_.wait_until(look_again);
  }
}

awaitable<result<share_peers::greeted>> share_peers::greet(peer_address where, duration patience) {
  error_code ec;
  const tcp::endpoint endpoint(asio::ip::make_address(where.address, ec), where.port);
  if (ec) {
    context_.dials.on_not_made(where.address, where.port);
    co_return error{errc::unreachable, where.address + " is not an address"};
  }
  const auto dialled = dialling_.insert(dialling_.end(), stream(context_.executor));
  context_.connections.on_dial();
  const auto connected = co_await shoal::dial(*dialled, endpoint, patience, context_.keys);
  const time_point begun = clock::now();
  result<wire::handshake> theirs = error{errc::unreachable, "not connected"};
  if (!connected) {
    theirs = connected.error();
    const errc why = connected.error().code;
    if (why == errc::unreachable || why == errc::limit) theirs = within("cannot connect", connected.error());
  } else {
    const auto greeting = co_await send_handshake(*dialled, wire::truncate(owner_.id()), context_.self);
    if (greeting) {
      theirs = co_await receive_handshake(*dialled);
    } else {
      theirs = greeting.error();
    }
  }
  stream taken = std::move(*dialled);
  dialling_.erase(dialled);
  context_.connections.on_dial_end();
  book_changed_.set();
  if (theirs && theirs->share != wire::truncate(owner_.id())) {
    theirs = error{errc::protocol, "the peer greets for another share"};
  }
  const bool not_made = !connected && connected.error().code == errc::limit;
  // A dial that was closed with its download says nothing of who listens there.
  if (not_made || (stopped_ && !theirs)) {
    context_.dials.on_not_made(where.address, where.port);
  } else if (!theirs) {
    context_.dials.on_failed(where.address, where.port, clock::now());
  }
  if (!theirs) {
    co_return within(to_text(endpoint), theirs.error());
  }
  context_.dials.on_proved(where.address, where.port, clock::now());
  co_return greeted{std::move(taken), *theirs, clock::now() - begun};
}

awaitable<void> share_peers::dial(peer_address where) {
  const time_point begun = clock::now();
  auto peer = co_await greet(where, dial_timeout);
  if (!owner_.wants_peers()) co_return;
  if (!peer) {
    last_dial_error_ = peer.error().text;
    last_dial_failed_ = true;
    log_debug("dial fails share={} error=\"{}\"", short_id(), last_dial_error_);
    book_.on_dial_failed(where);
    co_return;
  }
  last_dial_failed_ = false;
  newcomer one = dialled(where, peer->theirs, begun);
  bool let_in = true;
  if (is_contested(one)) let_in = co_await is_let_in(*peer);
  one.age = clock::now() - begun;
  if (!owner_.wants_peers()) co_return;
  if (!let_in || !admit(one)) {
    on_dial_unwanted(where, peer->theirs.peer);
    co_return;
  }
  book_.on_connected(where);
  start_session(std::move(peer->connection), peer->theirs, std::move(where), peer->answered_in);
}

void share_peers::on_wanted(const peer_address& where, const peer_id& peer) {
  if (stopped_ || !owner_.content().has_something() || peer == context_.self || book_.banned(where, clock::now()))
    return;
  if (dialling_.size() >= dials_max || !context_.connections.may_dial()) return;
  const time_point now = clock::now();
  if (context_.dials.earliest(where.address, where.port, now) > now) return;
  // Anybody can call with the peer's id and be silent.
  const bool connected = std::ranges::any_of(links_, [&](const link& one) {
    const session_path& path = one.with->path();
    return !one.with->closed() && one.with->remote().id() == peer && (path.proven() || path.dialled());
  });
  if (connected) return;
  context_.dials.on_dial(where.address, where.port, now);
  tasks_.spawn("dial wanted", dial_wanted(where, peer));
}

awaitable<void> share_peers::dial_wanted(peer_address where, peer_id who) {
  const time_point begun = clock::now();
  auto peer = co_await greet(where, dial_timeout);
  if (!peer) log_debug("dial fails share={} error=\"{}\"", short_id(), peer.error().text);
  if (!peer || peer->theirs.peer != who) co_return;
  newcomer one = dialled(where, peer->theirs, begun);
  bool let_in = true;
  if (is_contested(one)) let_in = co_await is_let_in(*peer);
  one.age = clock::now() - begun;
  if (!let_in || stopped_ || !admit(one)) co_return;
  book_.on_connected(where);
  start_session(std::move(peer->connection), peer->theirs, std::move(where), peer->answered_in);
}

void share_peers::on_dial_unwanted(const peer_address& where, const peer_id& who) {
  const auto other = std::ranges::find_if(links_, [&](const link& one) {
    return !one.with->closed() && one.with->remote().id() == who &&
           one.with->path().remote_address().to_string() == where.address;
  });
  if (who == context_.self || book_.banned(where, clock::now())) {
    book_.on_connected(where);
    book_.on_disconnected(where, false, clock::now());
  } else if (other != links_.end() && !other->in_book) {
    // Dialled again when that session ends.
    book_.on_connected(where);
    other->in_book = where;
  } else {
    book_.on_dial_failed(where);
  }
}

void share_peers::on_path_lost(session& with) {
  link& lost = link_of(with);
  const auto where = listens_at(lost);
  const auto now = clock::now();
  if (with.path().silent_for(now) >= silent_source_max) return drop(with, "nothing gets through to it");
  // Of two peers that both connect, the one with the lesser id would not be let in.
  const bool ours_to_dial = with.path().dialled() || context_.self > with.remote().id();
  if (!where || !ours_to_dial || now < lost.redial_after) return;
  const duration interval = std::max(redial_interval_min, with.path().silent_for(now) / 8);
  if (with.path().dialled() || with.path().proven()) context_.dials.on_seen(where->address, where->port, now);
  if (context_.dials.earliest(where->address, where->port, now) > now) return;
  lost.redial_after = now + interval;
  context_.dials.on_dial(where->address, where->port, now);
  tasks_.spawn("redial", redial(with.remote().id(), *where, std::max(interval, 3 * with.path().round_trip_min())));
}

void share_peers::on_path_back(session& with) {
  // At once: what waits for its next repetition may be up to a second away.
  link_of(with).redial_after = clock::now();
  on_path_lost(with);
}

void share_peers::drop(session& lost, std::string_view why) {
  // Dialled again even if it was the peer that connected.
  link& one = link_of(lost);
  const auto where = listens_at(one);
  if (where && !one.in_book && owner_.wants_peers()) {
    book_.on_found(*where, lost.remote().id(), false, clock::now());
    book_.on_connected(*where);
    one.in_book = where;
  }
  lost.close(end_reason::idle, why);
}

void share_peers::on_address(const address_change& change) {
  if (!change.gone) {
    context_.dials.on_new_way();
    book_.on_new_way(clock::now());
    book_changed_.set();
    return;
  }
  for (link& one : links_) {
    if (!one.with->closed() && one.with->path().local_address() == change.address)
      drop(*one.with, "the address of this machine is gone");
  }
}

void share_peers::on_keys() {
  for (link& one : links_) {
    const auto& key = one.with->key();
    if (key && context_.keys.find(*key) == nullptr) one.with->close(end_reason::key_withdrawn);
  }
}

awaitable<void> share_peers::redial(peer_id who, peer_address where, duration patience) {
  const time_point begun = clock::now();
  auto peer = co_await greet(where, patience);
  if (!peer || peer->theirs.peer != who) co_return;
  const bool let_in = co_await is_let_in(*peer);
  if (!let_in || !owner_.wants_peers() || !admit(dialled(where, peer->theirs, begun, true))) co_return;
  if (lost_paths_logged_.pass(clock::now())) {
    log_info("a lost path is replaced share={} peer={} unlogged={}", short_id(), where.address,
             lost_paths_logged_.take_left_out());
  }
  book_.on_connected(where);
  start_session(std::move(peer->connection), peer->theirs, std::move(where), peer->answered_in);
}

}  // namespace shoal
