#include "peer/share/share_peers.hpp"

#include <algorithm>
#include <utility>

#include "net/endpoint.hpp"
#include "observe/log.hpp"

namespace shoal {

share_peers::share_peers(peer_context& context, share_peers_owner& owner, turn_keeper& turns)
    : context_(context),
      owner_(owner),
      turns_(turns),
      book_(std::hash<peer_id>{}(context.self), dial_limits{}, &context.dials),
      book_changed_(context.executor),
      tasks_(context.executor) {}

share_peers::~share_peers() = default;

void share_peers::stop() {
  stopped_ = true;
  for (stream& one : dialling_) one.close();
  for (asio::steady_timer& one : checks_) one.cancel();
  book_changed_.set();
}

std::string share_peers::short_id() const {
  return owner_.id().hex().substr(0, 12);
}

share_peers::link& share_peers::link_of(const session& one) {
  return *std::ranges::find_if(links_, [&](const link& each) { return each.with.get() == &one; });
}

std::optional<peer_address> share_peers::listens_at(const link& one) {
  return one.in_book ? one.in_book : one.with->listens_at();
}

void share_peers::for_each(const std::function<void(session&)>& what) {
  for (link& one : links_) what(*one.with);
}

std::vector<share_peers::contact> share_peers::contacts() const {
  std::vector<contact> open;
  for (const link& one : links_) {
    if (!one.with->closed()) open.push_back({one.with->remote().id(), one.in_book});
  }
  return open;
}

std::size_t share_peers::known_count() const {
  const auto elsewhere = [](const link& one) { return !one.in_book && !one.with->closed(); };
  return book_.size() + static_cast<std::size_t>(std::ranges::count_if(links_, elsewhere));
}

std::size_t share_peers::seeders() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(links_, [](const link& one) { return one.with->remote().holds_all(); }));
}

sessions_held share_peers::held() const {
  sessions_held have{links_.size(), seeders(), owner_.silence()};
  for (const link& one : links_) {
    if (one.with->path().dialled()) continue;
    ++have.called;
    if (one.with->remote().holds_all()) ++have.called_seeders;
  }
  return have;
}

void share_peers::start_session(stream connection, const wire::handshake& theirs, std::optional<peer_address> dialled,
                                duration answered_in) {
  const bool called = !dialled;
  link one;
  one.with = std::make_unique<session>(context_, owner_, turns_, std::move(connection), theirs, dialled, answered_in);
  if (listener_ != nullptr) one.offers = std::make_unique<session_source>(*one.with, *this, *listener_);
  one.in_book = std::move(dialled);
  one.number = links_begun_++;
  const auto at = links_.insert(links_.end(), std::move(one));
  std::optional<fair_places::place_id> place;
  if (called) {
    place = context_.connections.on_called(group_of(at->with->path().remote_address()), *at->with, clock::now());
  } else {
    context_.connections.on_session();
  }
  log_debug("session begins share={} peer={}", short_id(), at->with->address());
  // The keys may have changed since it was proven.
  if (const auto& key = at->with->key(); key && context_.keys.find(*key) == nullptr) {
    at->with->close(end_reason::key_withdrawn);
  }
  tasks_.spawn("session", run_session(at, place));
}

awaitable<void> share_peers::run_session(std::list<link>::iterator at, std::optional<fair_places::place_id> place) {
  session& one = *at->with;
  co_await one.run();
  if (at->offers) listener_->on_source_gone(*at->offers);
  turns_.on_gone(one);
  if (const auto& where = one.path().dialled()) context_.dials.on_seen(where->address, where->port, clock::now());
  if (at->in_book) {
    const end_reason why = one.reason();
    // A liar that called says nothing about who listens there.
    const bool lied_there = why == end_reason::banned && one.path().dialled();
    // The book dials it again when its ban ends.
    const bool again = !lied_there && why != end_reason::both_complete;
    const bool taken_over = std::ranges::any_of(links_, [&](const link& other) {
      return &other != &*at && !other.with->closed() && other.in_book == at->in_book;
    });
    // Who breaks the protocol would do so again, each time with chunks that others then bring later.
    const bool no_use = why == end_reason::withdrawn || why == end_reason::protocol;
    if (!taken_over && no_use) book_.on_refused(*at->in_book, clock::now());
    if (!taken_over) book_.on_disconnected(*at->in_book, again, clock::now());
    book_changed_.set();
  }
  context_.connections.on_session_end(place);
  links_.erase(at);
}

void share_peers::ban(session& liar, std::optional<piece_index> damaged) {
  if (bans_logged_.pass(clock::now())) {
    log_warn("peer is banned share={} peer={} reason=\"its data does not match the hashes\" unlogged={}", short_id(),
             liar.address(), bans_logged_.take_left_out());
  }
  if (const auto& dialled = liar.path().dialled()) {
    book_.on_banned(*dialled, clock::now());
  } else {
    bans_.on_liar(liar.remote().id(), group_of(liar.path().remote_address()), clock::now());
  }
  if (!damaged) return liar.close(end_reason::banned);
  // It may not know that its disk is damaged.
  liar.dismiss(end_reason::banned, {{}, {}, {*damaged}, {}});
}

void share_peers::on_withdrawn(session& by, std::string_view why) {
  const errc code = errc_of(why);
  std::string_view what = "is lost";
  if (code == errc::not_found) what = "is gone";
  if (code == errc::conflict) what = "was changed";
  if (code == errc::verification) what = "is damaged";
  last_dial_error_ = by.address() + " does not share it any more: its copy " + std::string(what);
  if (code == errc::permission)
    last_dial_error_ = by.address() + " belongs to a private swarm, and this peer has no key";
  by.close(end_reason::withdrawn);
}

void share_peers::on_incoming(stream connection, const wire::handshake& theirs) {
  const auto where = connection.remote();
  if (!where) return;
  const auto caller = plain_address(*where);
  if (stopped_ || !admit({theirs.peer, caller})) return;
  start_session(std::move(connection), theirs, std::nullopt, duration::zero());
}

}  // namespace shoal
