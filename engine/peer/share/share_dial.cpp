// share: connecting to peers, choosing between two connections with one, and connecting anew where a path was lost.

#include <algorithm>

#include "directory/live.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/session/handshake.hpp"
#include "peer/share/share.hpp"

namespace shoal {

namespace {

constexpr duration dial_timeout = std::chrono::seconds(5);
constexpr duration presumed_dead_after = std::chrono::seconds(5);
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

std::size_t share::known_peers() const {
  const auto elsewhere = [](const std::unique_ptr<session>& one) { return one && !one->in_book && !one->closed(); };
  return book_.size() + static_cast<std::size_t>(std::ranges::count_if(sessions_, elsewhere));
}

std::size_t share::seeders() const {
  return static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(),
      [](const std::unique_ptr<session>& one) { return one->holds().size() != 0 && one->holds().all(); }));
}

sessions_held share::held() const {
  return {sessions_.size(), seeders(), download_->silence()};
}

bool share::has_room() const {
  if (context_.sessions >= context_.budget.sessions || context_.dials >= context_.budget.dials) return false;
  return book_.has_room(held());
}

void share::on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder) {
  if (peer == context_.self) return;
  book_.on_found(where, peer, seeder, clock::now());
  book_changed_.set();
}

time_point share::call_for_sources(time_point now) {
  if (call_at_ == never) {
    call_pause_ = call_pause_min;
    call_at_ = now + call_pause_;
  }
  if (now < call_at_) return call_at_;
  auto unreached = book_.unreached(live::unreached_peers_max);
  const bool lacking = has_room() && (!unreached.empty() || sessions_.empty() || download_->starved());
  if (lacking) observer_.on_unreached(*this, std::move(unreached));
  const duration longest = sessions_.empty() ? call_pause_alone : call_pause_max;
  call_pause_ = lacking ? std::min<duration>(2 * call_pause_, longest) : call_pause_min;
  call_at_ = now + std::max(call_pause_, room_check_interval);
  return call_at_;
}

awaitable<void> share::dial_loop() {
  while (wants_peers()) {
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

awaitable<result<share::greeted>> share::greet(peer_address where, duration patience) {
  error_code ec;
  const tcp::endpoint endpoint(asio::ip::make_address(where.address, ec), where.port);
  if (ec) co_return error{errc::unreachable, where.address + " is not an address"};
  const auto socket = dialling_.insert(dialling_.end(), tcp::socket(context_.executor));
  ++context_.dials;
  auto connected = co_await connect(*socket, endpoint, patience);
  const time_point begun = clock::now();
  if (connected) connected = co_await send_handshake(*socket, wire::truncate(id_), context_.self);
  result<wire::handshake> theirs = error{errc::unreachable, {}};
  if (connected) {
    theirs = co_await receive_handshake(*socket);
  } else {
    theirs = connected.error();
  }
  tcp::socket taken = std::move(*socket);
  dialling_.erase(socket);
  --context_.dials;
  book_changed_.set();
  if (!theirs) co_return error{theirs.error().code, to_text(endpoint) + ": " + theirs.error().text};
  if (theirs->share != wire::truncate(id_)) {
    co_return error{errc::protocol, to_text(endpoint) + ": the peer greets for another share"};
  }
  co_return greeted{std::move(taken), *theirs, clock::now() - begun};
}

awaitable<void> share::dial(peer_address where) {
  auto peer = co_await greet(where, dial_timeout);
  if (!wants_peers()) co_return;
  if (!peer) {
    last_dial_error_ = peer.error().text;
    log_debug("dial fails share={} error=\"{}\"", id_.hex().substr(0, 12), last_dial_error_);
    book_.on_dial_failed(where);
    co_return;
  }
  if (!admit(peer->theirs, std::nullopt)) {
    on_dial_unwanted(where, peer->theirs.peer);
    co_return;
  }
  book_.on_connected(where);
  start_session(std::move(peer->socket), peer->theirs, std::move(where), peer->answered_in);
}

void share::on_wanted(const peer_address& where, const peer_id& peer) {
  const bool has_it = info_ && (complete_ || !verified_.none());
  if (stopped_ || !has_it || peer == context_.self || book_.banned(peer)) return;
  if (dialling_.size() >= dials_max || context_.dials >= context_.budget.dials) return;
  if (context_.sessions >= context_.budget.sessions) return;
  const bool connected = std::ranges::any_of(
      sessions_, [&](const std::unique_ptr<session>& one) { return one && !one->closed() && one->remote() == peer; });
  if (!connected) tasks_.spawn("dial wanted", dial_wanted(where, peer));
}

awaitable<void> share::dial_wanted(peer_address where, peer_id who) {
  auto peer = co_await greet(where, dial_timeout);
  if (!peer) log_debug("dial fails share={} error=\"{}\"", id_.hex().substr(0, 12), peer.error().text);
  if (!peer || stopped_ || peer->theirs.peer != who || !admit(peer->theirs, std::nullopt)) co_return;
  book_.on_connected(where);
  start_session(std::move(peer->socket), peer->theirs, std::move(where), peer->answered_in);
}

void share::on_dial_unwanted(const peer_address& where, const peer_id& who) {
  const auto other = std::find_if(sessions_.begin(), sessions_.end(), [&](const std::unique_ptr<session>& one) {
    return !one->closed() && one->remote() == who;
  });
  if (who == context_.self || book_.banned(who)) {
    book_.on_connected(where);
    book_.on_disconnected(where, false, clock::now());
  } else if (other != sessions_.end() && !(*other)->in_book) {
    // Dialled again when that session ends.
    book_.on_connected(where);
    (*other)->in_book = where;
  } else {
    book_.on_dial_failed(where);
  }
}

void share::on_path_lost(session& with) {
  const auto where = with.listens_at();
  const auto now = clock::now();
  if (with.silent_for(now) >= silent_source_max) return drop(with, "nothing gets through to it");
  // Of two peers that both connect, the one with the lesser id would not be let in.
  const bool ours_to_dial = with.dialled() || context_.self > with.remote();
  if (!where || !ours_to_dial || now < with.redial_after) return;
  const duration interval = std::max(redial_interval_min, with.silent_for(now) / 8);
  with.redial_after = now + interval;
  tasks_.spawn("redial", redial(with.remote(), *where, std::max(interval, 3 * with.round_trip_min())));
}

void share::drop(session& lost, std::string_view why) {
  // Dialled again even if it was the peer that connected.
  const auto where = lost.listens_at();
  if (where && !lost.in_book && wants_peers()) {
    book_.on_found(*where, lost.remote(), false, clock::now());
    book_.on_connected(*where);
    lost.in_book = where;
  }
  lost.close(end_reason::idle, why);
}

void share::on_address(const address_change& change) {
  if (!change.gone) {
    book_.on_new_way(clock::now());
    book_changed_.set();
    return;
  }
  for (auto& one : sessions_) {
    if (one && !one->closed() && one->local_address() == change.address)
      drop(*one, "the address of this machine is gone");
  }
}

awaitable<void> share::redial(peer_id who, peer_address where, duration patience) {
  auto peer = co_await greet(where, patience);
  if (!peer || peer->theirs.peer != who) co_return;
  // The other side answers the handshake of everybody and decides then which of the two connections stays.
  const auto socket = dialling_.insert(dialling_.end(), std::move(peer->socket));
  const bool let_in = co_await has_come(*socket, dial_timeout);
  peer->socket = std::move(*socket);
  dialling_.erase(socket);
  if (!let_in || !wants_peers() || !admit(peer->theirs, std::nullopt, true)) co_return;
  log_info("a lost path is replaced share={} peer={}", id_.hex().substr(0, 12), where.address);
  book_.on_connected(where);
  start_session(std::move(peer->socket), peer->theirs, std::move(where), peer->answered_in);
}

void share::on_incoming(tcp::socket socket, const wire::handshake& theirs) {
  error_code ec;
  const auto caller = plain_address(socket.remote_endpoint(ec));
  if (ec || stopped_ || !admit(theirs, caller)) return;
  const auto known = context_.incoming_by_address.find(caller);
  if (known != context_.incoming_by_address.end() && known->second >= sessions_per_address_max) return;
  start_session(std::move(socket), theirs, std::nullopt, duration::zero());
}

bool share::admit(const wire::handshake& theirs, const std::optional<asio::ip::address>& caller, bool let_in) {
  if (theirs.peer == context_.self || book_.banned(theirs.peer)) return false;
  const auto now = clock::now();
  const bool dialled = !caller;
  bool replaces = false;
  for (const auto& one : sessions_) {
    if (one->closed() || one->remote() != theirs.peer) continue;
    const bool same_direction = dialled == one->dialled().has_value();
    // Two peers that dialled each other keep the connection that the greater id opened; both sides conclude the same.
    const bool opened_by_greater = dialled == (context_.self > theirs.peer);
    // A peer that comes again has perhaps lost a connection that still looks alive from here.
    const bool seems_lost =
        caller == one->remote_address() ? one->seems_lost(now) : one->quiet_for(now) > presumed_dead_after;
    const bool old_is_lost = dialled ? let_in : seems_lost;
    if (same_direction ? !old_is_lost : !opened_by_greater) return false;
    one->close(old_is_lost ? end_reason::replaced : end_reason::duplicate);
    replaces = true;
  }
  return replaces || context_.sessions < context_.budget.sessions;
}

}  // namespace shoal
