#include "peer/session/session.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "policy/message_prices.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

constexpr std::uint32_t messages_per_turn = 256;
// For a peer to read our last words.
constexpr duration farewell_timeout = std::chrono::seconds(1);

}  // namespace

session::session(peer_context& context, session_owner& owner, session_turns& turns, stream connection,
                 const wire::handshake& theirs, std::optional<peer_address> dialled, duration answered_in)
    : context_(context),
      share_(owner),
      turns_(turns),
      stream_(std::move(connection)),
      path_(stream_, std::move(dialled), answered_in, clock::now()),
      remote_(theirs, &context.frames, group_of(path_.remote_address())),
      account_(context.messages, group_of(path_.remote_address()), clock::now()),
      credit_timer_(context.executor),
      receiver_(context, owner.down(), stream_, path_, *this),
      uploads_(context, owner, stream_, *this),
      work_(context.executor),
      watchdog_timer_(context.executor) {
  stream_.set_unsent_max(unsent_limit::bytes_first);
  stream_.set_quick_recovery();
  on_limits();
}

awaitable<void> session::run() {
  say_hello();
  co_await (read_loop() && write_loop() && watchdog());
}

void session::close(end_reason why, std::string_view detail) {
  if (closed_) return;
  closed_ = true;
  why = dismissed_.value_or(why);
  end_reason_ = why;
  log_debug("session ends share={} peer={} reason={} detail={}", share_.id().hex().substr(0, 12), address(),
            name_of(why), detail);
  // What the lost path still holds is not to take up the new one's link.
  if (why == end_reason::replaced) stream_.reset();
  stream_.close();
  receiver_.stop();
  uploads_.stop();
  work_.set();
  watchdog_timer_.cancel();
  credit_timer_.cancel();
}

bool session::dismiss(end_reason why, const wire::pieces_hint& last_words) {
  if (closed_ || dismissed_) return true;
  const auto id = remote_.extensions().shoal;
  if (!id || uploads_.sending()) {
    close(why);
    return false;
  }
  uploads_.forget_requests();
  send(wire::extended{*id, wire::encode(last_words)});
  dismissed_ = why;
  dismissed_until_ = clock::now() + farewell_timeout;
  work_.set();
  watchdog_timer_.cancel();
  return true;
}

std::string session::address() const {
  if (const auto& dialled = path_.dialled()) {
    return to_text(tcp::endpoint(asio::ip::make_address(dialled->address), dialled->port));
  }
  auto where = stream_.remote();
  if (!where) return "gone";
  if (const auto port = remote_.extensions().listen_port; port != 0) where->port(port);
  return to_text(*where);
}

void session::say_hello() {
  say_extensions();
  const share_content& content = share_.content();
  const bitmap& verified = content.verified();
  if (remote_.fast() && (verified.size() == 0 || verified.none()) && !content.complete()) {
    send(wire::have_none{});
  } else if (remote_.fast() && content.complete()) {
    send(wire::have_all{});
  } else if (!verified.none()) {
    send(wire::bitfield{verified.to_bytes()});
  }
  turns_.on_session(*this);
  if (!remote_.extension_protocol()) on_ready();
}

void session::send(const wire::message& message) {
  if (closed_ || dismissed_) return;
  wire::encode(message, outbox_);
  if (outbox_.size() > outbox_bytes_max) {
    close(end_reason::idle, "the peer does not read");
    return;
  }
  work_.set();
}

void session::set_choked(bool choked) {
  if (!choked) {
    // It chooses at once, and should know what is taken.
    flush_hints();
    send(wire::unchoke{});
    return;
  }
  // What waits to be sent would be told again with its next turn.
  hints_.taken.clear();
  send(wire::choke{});
  if (remote_.fast()) {
    uploads_.reject_beyond(turns_.turn_bytes());
  } else {
    uploads_.forget_requests();
  }
}

void session::set_interested(bool interested) {
  if (interested == interested_) return;
  interested_ = interested;
  if (interested) {
    send(wire::interested{});
  } else {
    send(wire::not_interested{});
  }
}

void session::announce(piece_index piece, duration interval) {
  if (closed_ || dismissed_) return;
  // The write loop has to know when it is due.
  if (haves_.empty()) work_.set();
  wire::encode(wire::have{piece}, haves_);
  haves_interval_ = interval;
  if (outbox_.size() + haves_.size() > outbox_bytes_max) return close(end_reason::idle, "the peer does not read");
  close_if_both_complete();
}

void session::hint(piece_index piece, bool taken) {
  if (closed_ || !remote_.hears_hints()) return;
  auto& list = taken ? hints_.taken : hints_.returned;
  if (list.size() == wire::hinted_pieces_max) flush_hints();
  // What is said last counts, in whatever order the other side reads the two lists.
  std::erase(taken ? hints_.returned : hints_.taken, piece);
  list.push_back(piece);
  work_.set();
}

void session::on_held_by_limit(std::uint64_t rate) {
  if (!remote_.hears_hints()) return;
  hints_.limited = rate;
  work_.set();
}

void session::flush_hints() {
  if (hints_.taken.empty() && hints_.returned.empty() && !hints_.limited) return;
  // A later handshake may have taken it back.
  if (const auto id = remote_.extensions().shoal) send(wire::extended{*id, wire::encode(hints_)});
  hints_ = {};
}

byte_buffer session::take_outbox() {
  flush_hints();
  if (haves_.empty()) return std::exchange(outbox_, {});
  if (const auto now = clock::now(); now >= haves_due_ || !outbox_.empty()) {
    outbox_.insert(outbox_.end(), haves_.begin(), haves_.end());
    haves_.clear();
    haves_due_ = now + haves_interval_;
  }
  return std::exchange(outbox_, {});
}

time_point session::haves_due() const {
  return haves_.empty() ? never : haves_due_;
}

void session::on_payload_sent(std::size_t bytes, time_point now) {
  context_.payload.on_sent(bytes);
  sent_.on_bytes(bytes, now);
  path_.on_payload_sent(now);
}

std::optional<peer_address> session::listens_at() const {
  const auto address = path_.remote_address();
  const std::uint16_t port = remote_.extensions().listen_port;
  if (port == 0 || address.is_unspecified()) return std::nullopt;
  return peer_address{address.to_string(), port};
}

bool session::path_lost(time_point now) {
  if (!path_.begins_check(now)) return path_.is_lost(now);
  send(wire::keep_alive{});
  return false;
}

awaitable<void> session::read_loop() {
  std::uint32_t handled = 0;
  while (!closed_) {
    // A peer that floods us with small messages gets its turn like everybody else.
    if (++handled % messages_per_turn == 0) co_await asio::post(context_.executor, asio::use_awaitable);
    // Behind every wait: what comes now was asked for before, and must not end the session before our last words.
    if (dismissed_) {
      co_await receiver_.discard_rest();
      break;
    }
    auto next = receiver_.try_next();
    if (!next) {
      close(end_reason::protocol, next.error().text);
      break;
    }
    if (auto* message = std::get_if<wire::message>(&*next)) {
      handle(*message);
      if (!account_.has_credit()) co_await wait_for_credit();
    } else if (const auto* piece = std::get_if<wire::frame_reader::piece>(&*next)) {
      const byte_range range = piece->range;
      if (listener_ == nullptr || !listener_->on_piece_begin(range)) {
        close(end_reason::protocol, "a piece that was not asked for");
        break;
      }
      last_read_ = 0;
      path_.on_payload_begins(clock::now());
      co_await receiver_.receive_piece(range, *listener_);
    } else {
      // Who sends each byte for itself, or each in a record of TLS, makes a read of it.
      if (last_read_ > 0 && last_read_ < prices::read_free_bytes) charge(prices::read);
      if (!account_.has_credit()) co_await wait_for_credit();
      const std::int64_t records = stream_.small_records();
      last_read_ = co_await receiver_.fill();
      if (last_read_ == 0) break;
      charge(prices::record * std::max<std::int64_t>(stream_.small_records() - records - 1, 0));
    }
  }
}

awaitable<void> session::on_small_segments(std::int64_t count) {
  charge(prices::segment * std::max<std::int64_t>(count - prices::segments_free, 0));
  if (!account_.has_credit()) co_await wait_for_credit();
}

awaitable<void> session::wait_for_credit() {
  // What the peer sends meanwhile waits in the kernel, and then at the peer. Its path is not lost. But what it owes is
  // late, and others bring that.
  path_.on_limited(true);
  waits_for_credit_ = receiver_.release();
  while (!closed_) {
    const auto now = clock::now();
    const auto when = account_.next_credit(now, account_.pause_price());
    if (when <= now) break;
    co_await rest_until(when);
  }
  if (std::exchange(drops_small_, false)) stream_.drop_small_segments(false);
  waits_for_credit_ = false;
  path_.on_limited(false);
}

awaitable<void> session::rest_until(time_point when) {
  const std::int64_t before = stream_.small_segments();
  credit_timer_.expires_at(drops_small_ ? when : account_.next_look(when, clock::now()));
  (void)co_await credit_timer_.async_wait(use_tuple);
  if (closed_) co_return;
  const bool flooded = account_.on_unread(stream_.small_segments() - before, clock::now());
  if (!flooded || drops_small_) co_return;
  charge(prices::filter);
  stream_.drop_small_segments(drops_small_ = true);
}

time_point session::payable_at(time_point now) {
  const work_price price = uploads_.next_price();
  if (price == 0) return now;
  return account_.next_credit(now, price + (waits_for_credit_ ? account_.pause_price() : 0));
}

awaitable<bool> session::write_all(byte_view bytes) {
  const error_code ec = co_await stream_.send_all(bytes);
  if (ec) {
    close(end_reason::closed_by_peer);
    co_return false;
  }
  path_.on_sent(clock::now());
  co_return true;
}

awaitable<void> session::write_loop() {
  while (!closed_) {
    const byte_buffer sending = take_outbox();
    if (!sending.empty()) {
      co_await write_all(sending);
    } else if (dismissed_) {
      stream_.shutdown_send();
      break;
    } else if (const auto now = clock::now(), when = payable_at(now); when > now && !uploads_.serve_free_first()) {
      (void)co_await work_.wait_until(std::min(when, haves_due()));
    } else if (!uploads_.empty()) {
      co_await uploads_.serve_next();
    } else {
      (void)co_await work_.wait_until(haves_due());
    }
  }
}

awaitable<void> session::watchdog() {
  while (!closed_) {
    const auto now = clock::now();
    const auto idle_at = path_.idle_at(now);
    if (now >= idle_at || now >= dismissed_until_) {
      close(end_reason::idle);
      break;
    }
    if (now >= path_.keep_alive_at()) {
      path_.on_sent(now);
      send(wire::keep_alive{});
    }
    watchdog_timer_.expires_at(std::min({idle_at, path_.keep_alive_at(), dismissed_until_}));
    (void)co_await watchdog_timer_.async_wait(use_tuple);
  }
}

void session::on_ready() {
  remote_.on_ready();
  if (share_.content().info()) on_holds_changed();
  if (listener_ && !closed_) listener_->on_ready();
}

void session::on_shape_known() {
  turns_.on_session(*this);
  turns_.on_interested(*this, remote_.interested());
  if (remote_.ready()) on_holds_changed();
}

void session::on_holds_changed() {
  if (const auto read = remote_.on_shape(share_.content().info()->shape().piece_count()); !read) {
    close(end_reason::protocol, read.error().text);
    return;
  }
  if (listener_) listener_->on_holds();
  turns_.on_holds(*this);
  close_if_both_complete();
}

void session::close_if_both_complete() {
  if (share_.content().complete() && remote_.holds_all()) close(end_reason::both_complete);
}

}  // namespace shoal
