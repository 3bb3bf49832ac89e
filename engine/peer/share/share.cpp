#include "peer/share/share.hpp"

#include <algorithm>

#include "net/endpoint.hpp"
#include "observe/log.hpp"

namespace shoal {

share::share(peer_context& context, share_observer& observer, const share_id& id)
    : context_(context),
      observer_(observer),
      id_(id),
      book_(std::hash<peer_id>{}(context.self)),
      book_changed_(context.executor),
      turns_changed_(context.executor),
      stop_asked_(context.executor),
      tasks_(context.executor) {}

share::~share() = default;

void share::adopt(metainfo_ptr info, std::shared_ptr<content_files> files) {
  info_ = std::move(info);
  files_ = std::move(files);
  verified_ = bitmap(info_->shape().piece_count());
  verified_.set_all();
  verified_bytes_ = info_->total_bytes();
  serving_.emplace(info_->shape());
  begin_seeding();
}

void share::begin_seeding() {
  complete_ = true;
  serving_->on_seeding(clock::now());
  follow_orders();
}

void share::start_download(download_request request) {
  published = request.published;
  download_ = std::make_unique<class download>(context_, *this, std::move(request));
}

awaitable<void> share::run() {
  tasks_.spawn("turns", turns_loop());
  if (download_) {
    tasks_.spawn("download", run_download());
    tasks_.spawn("dialler", dial_loop());
  }
  // Sessions come and go until then; an empty group is no reason to end.
  while (!stopped_) co_await stop_asked_.wait();
  co_await tasks_.join();
}

void share::stop(end_reason why) {
  if (stopped_) return;
  stop_own();
  for (auto& one : sessions_) one->close(why);
}

bool share::stop_lost(const error& why) {
  if (stopped_) return true;
  stop_own();
  bool all_told = true;
  wire::pieces_hint last_words;
  last_words.withdrawn = std::string(name_of(why.code));
  for (auto& one : sessions_) all_told = one->dismiss(end_reason::share_removed, last_words) && all_told;
  return all_told;
}

void share::stop_own() {
  stopped_ = true;
  if (download_) download_->stop();
  error_code ignored;
  for (auto& socket : dialling_) socket.close(ignored);
  book_changed_.set();
  turns_changed_.set();
  stop_asked_.set();
}

awaitable<void> share::run_download() {
  co_await download_->run();
  book_changed_.set();
  if (!stopped_) observer_.on_download_ended(*this);
}

std::string share::name() const {
  if (info_) return info_->name();
  return download_ ? download_->request().name : std::string{};
}

std::optional<file_index> share::file_with_root(const digest& root) {
  if (!info_) return std::nullopt;
  if (!file_roots_) {
    file_roots_.emplace();
    for (std::uint32_t i = 0; i < info_->files().size(); ++i) {
      if (info_->files()[i].size > 0) file_roots_->emplace(info_->files()[i].root, file_index{i});
    }
  }
  const auto at = file_roots_->find(root);
  return at == file_roots_->end() ? std::nullopt : std::optional(at->second);
}

bool share::wants_peers() const {
  return !stopped_ && !complete_ && download_ && !download_->ended();
}

void share::start_session(tcp::socket socket, const wire::handshake& theirs, std::optional<peer_address> dialled,
                          duration answered_in) {
  std::optional<asio::ip::address> caller;
  if (!dialled) {
    error_code ignored;
    caller = plain_address(socket.remote_endpoint(ignored));
    ++context_.incoming_by_address[*caller];
  }
  const auto at = sessions_.insert(sessions_.end(), nullptr);
  *at = std::make_unique<session>(context_, *this, std::move(socket), theirs, dialled, answered_in);
  (*at)->in_book = std::move(dialled);
  ++context_.sessions;
  log_debug("session begins share={} peer={}", id_.hex().substr(0, 12), (*at)->address());
  tasks_.spawn("session", run_session(at, caller));
}

awaitable<void> share::run_session(std::list<std::unique_ptr<session>>::iterator at,
                                   std::optional<asio::ip::address> caller) {
  session& one = **at;
  co_await one.run();
  if (download_) download_->on_session_gone(one);
  if (one.leecher) {
    by_leecher_.erase(*one.leecher);
    serving_->on_leecher_gone(*std::exchange(one.leecher, std::nullopt), clock::now());
    follow_orders();
  }
  if (one.in_book) {
    const end_reason why = one.reason();
    const bool again = why != end_reason::banned && why != end_reason::both_complete;
    const bool taken_over = std::any_of(sessions_.begin(), sessions_.end(), [&](const std::unique_ptr<session>& other) {
      return other.get() != &one && !other->closed() && other->in_book == one.in_book;
    });
    if (!taken_over && why == end_reason::withdrawn) book_.on_refused(*one.in_book, clock::now());
    if (!taken_over) book_.on_disconnected(*one.in_book, again, clock::now());
    book_changed_.set();
  }
  --context_.sessions;
  if (caller && --context_.incoming_by_address[*caller] == 0) context_.incoming_by_address.erase(*caller);
  sessions_.erase(at);
}

void share::ban(session& liar, std::optional<piece_index> piece) {
  log_warn("peer is banned share={} peer={} reason=\"its data does not match the hashes\"", id_.hex().substr(0, 12),
           liar.address());
  book_.on_banned(liar.remote());
  if (!piece) return liar.close(end_reason::banned);
  // It may not know that its disk is damaged.
  liar.dismiss(end_reason::banned, {{}, {}, {*piece}, {}});
}

void share::on_accused(session& by, piece_index piece) {
  if (stopped_ || !info_ || piece.value() >= verified_.size() || !verified_.test(piece.value())) return;
  observer_.on_accused(*this, piece, by.remote_address().to_string());
}

void share::on_withdrawn(session& by, std::string_view why) {
  const errc code = errc_of(why);
  std::string_view what = "is lost";
  if (code == errc::not_found) what = "is gone";
  if (code == errc::conflict) what = "was changed";
  if (code == errc::verification) what = "is damaged";
  last_dial_error_ = by.address() + " does not share it any more: its copy " + std::string(what);
  by.close(end_reason::withdrawn);
}

void share::on_content_lost(const error& why) {
  if (stopped_) return;
  if (download_ && !complete_) {
    download_->fail(why);
  } else {
    observer_.on_share_lost(*this, why);
  }
}

void share::on_session(session& from) {
  if (!serving_ || from.leecher) return;
  from.leecher = serving_->on_leecher(from.round_trip_min(), clock::now());
  by_leecher_.emplace(*from.leecher, &from);
  follow_orders();
}

void share::on_interested(session& from, bool interested) {
  if (!from.leecher) return;
  serving_->on_interested(*from.leecher, interested, clock::now());
  follow_orders();
}

void share::on_leecher_has(session& from, piece_index piece) {
  if (!from.leecher) return;
  serving_->on_have(*from.leecher, piece);
  follow_orders();
}

void share::on_leecher_holds(session& from) {
  if (!from.leecher || !from.ready()) return;
  serving_->on_holds(*from.leecher, from.holds(), from.hears_hints());
  follow_orders();
}

bool share::may_serve(session& to, const byte_range& range) {
  const bool serve = to.leecher && serving_->on_request(*to.leecher, range, clock::now());
  if (to.leecher) follow_orders();
  return serve;
}

void share::on_sent(session& to, std::uint32_t bytes) {
  if (!to.leecher) return;
  serving_->on_sent(*to.leecher, bytes, clock::now());
  follow_orders();
}

void share::on_refused(session& to, std::span<const byte_range> ranges) {
  if (!to.leecher) return;
  serving_->on_refused(*to.leecher, ranges, clock::now());
  follow_orders();
}

void share::follow_orders() {
  while (const auto order = serving_->next_order(clock::now())) {
    const auto at = by_leecher_.find(order->leecher);
    if (at == by_leecher_.end()) continue;
    session& to = *at->second;
    switch (order->what) {
      case serving::order::kind::choke:
      case serving::order::kind::unchoke:
        serving_->on_round_trip(order->leecher, to.round_trip_min());
        to.set_choked(order->what == serving::order::kind::choke);
        break;
      case serving::order::kind::taken:
      case serving::order::kind::returned:
        to.hint(order->piece, order->what == serving::order::kind::taken);
        break;
    }
  }
  if (serving_->next_deadline() < turns_due_) turns_changed_.set();
}

awaitable<void> share::turns_loop() {
  while (!stopped_) {
    turns_due_ = serving_ ? serving_->next_deadline() : never;
    (void)co_await turns_changed_.wait_until(turns_due_);
    if (stopped_ || !serving_) continue;
    serving_->on_deadline(clock::now());
    follow_orders();
  }
}

void share::on_metadata(metainfo_ptr info) {
  info_ = std::move(info);
  verified_ = bitmap(info_->shape().piece_count());
  serving_.emplace(info_->shape());
  for (auto& one : sessions_) {
    if (!one->closed()) one->on_shape_known();
  }
}

void share::on_attributes(metainfo_ptr info) {
  info_ = std::move(info);
  for (auto& one : sessions_) {
    if (one->hears_hints()) one->say_extensions();
  }
}

void share::on_files(std::shared_ptr<content_files> files, bitmap verified) {
  files_ = std::move(files);
  for (std::uint32_t i = verified.next_set(0); i < verified.size(); i = verified.next_set(i + 1)) {
    const piece_index piece{i};
    if (!verified_.set(i)) continue;
    verified_bytes_ += info_->shape().piece_size(piece);
    for (auto& one : sessions_) one->announce(piece);
  }
  observer_.on_share_progress(*this);
}

void share::on_piece_verified(piece_index piece) {
  if (!verified_.set(piece.value())) return;
  verified_bytes_ += info_->shape().piece_size(piece);
  for (auto& one : sessions_) one->announce(piece);
  observer_.on_share_progress(*this);
}

void share::on_download_complete() {
  begin_seeding();
  observer_.on_share_progress(*this);
  book_changed_.set();
  // Seeders have nothing to say to each other (BEP 3 leaves it open; every client disconnects).
  for (auto& one : sessions_) {
    if (one->holds().size() != 0 && one->holds().all()) {
      one->close(end_reason::both_complete);
    } else {
      on_leecher_holds(*one);
    }
  }
}

void share::on_download_failed() {
  for (auto& one : sessions_) one->close(end_reason::share_removed);
  book_changed_.set();
}

}  // namespace shoal
