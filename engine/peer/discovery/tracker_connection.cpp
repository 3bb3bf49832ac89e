#include "peer/discovery/tracker_connection.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/dial.hpp"
#include "net/endpoint.hpp"
#include "net/listener.hpp"
#include "peer/discovery/tracker_client.hpp"

namespace shoal {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using namespace asio::experimental::awaitable_operators;

namespace {

/// Read at a time: snapshots are large.
constexpr std::size_t read_bytes = 64 * KiB;
/// Frames are masked through a buffer of this size (RFC 6455 section 5.3).
constexpr std::size_t mask_bytes = 16 * KiB;
/// Decoding a message keeps the thread of all transfers for so long at a time.
constexpr duration turn_max = std::chrono::milliseconds(5);
/// What a welcome may say; beyond, the tracker would hardly notice or never be missed.
constexpr duration heartbeat_min = std::chrono::milliseconds(50);
constexpr duration heartbeat_max = std::chrono::minutes(10);
/// A path may be out for shorter than this at any time.
constexpr duration acknowledged_within_min = std::chrono::seconds(2);

}  // namespace

tracker_connection::tracker_connection(asio::any_io_executor executor, const swarm_keys& keys, tracking::join join,
                                       announcements& unsaid, tracker_connection_reader& reader)
    : keys_(keys),
      join_(std::move(join)),
      unsaid_(unsaid),
      reader_(reader),
      stream_(executor),
      open_timer_(executor),
      watchdog_timer_(executor),
      budget_(listening_rate::of_tracker, clock::now()),
      overhead_(frame_overhead::of_tracker, clock::now()),
      ready_(executor) {
  stream_.next_layer().set_read_observer(*this);
  stream_.read_message_max(tracking::tracker_message_bytes_max);
  stream_.auto_fragment(false);
  stream_.write_buffer_bytes(mask_bytes);
  stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
    heard();
    if (!overhead_.on_control_frame(kind == websocket::frame_type::ping, clock::now())) close_for_overhead();
  });
}

awaitable<result<void>> tracker_connection::open(tcp::endpoint where, std::string host, duration timeout) {
  host_ = std::move(host);
  const auto offered = keys_.is_private() ? std::optional(keys_.keys().front().id()) : std::nullopt;
  const auto connected = co_await dial(stream_.next_layer(), where, timeout, keys_);
  if (closed_) co_return error{errc::cancelled, reason_};
  if (!connected) {
    const error& why = connected.error();
    const bool no_way = why.code == errc::unreachable || why.code == errc::limit;
    if (no_way) co_return within("cannot connect to tracker " + host_, why);
    co_return error{why.code, "tracker " + host_ + ": " + why.text, why.helps};
  }
  auto upgraded = co_await upgrade(timeout);
  if (closed_) co_return error{errc::cancelled, reason_};
  // A tracker that does not accept the first key may accept another one.
  if (offered && *offered != keys_.keys().front().id()) {
    co_return error{errc::permission, "this peer offers another key to tracker " + host_ + " now"};
  }
  open_ = upgraded.has_value();
  deadline_ = clock::now() + handshake_deadline;
  co_return upgraded;
}

awaitable<result<void>> tracker_connection::upgrade(duration timeout) {
  open_timer_.expires_after(timeout);
  websocket::response_type answer;
  auto upgraded =
      co_await (stream_.async_handshake(answer, host_, "/live", use_tuple) || open_timer_.async_wait(use_tuple));
  if (upgraded.index() == 1) co_return error{errc::timed_out, "tracker " + host_ + ": it does not answer"};
  const error_code ec = std::get<0>(std::get<0>(upgraded));
  if (ec == websocket::error::upgrade_declined && answer.result() == beast::http::status::forbidden) {
    co_return error{errc::permission, "tracker " + host_ + " belongs to a private swarm", remedy::some_key};
  }
  if (ec) co_return error{errc::protocol, host_ + " is not a shoal tracker: " + ec.message()};
  co_return result<void>{};
}

awaitable<void> tracker_connection::run() {
  co_await (read_loop() && write_loop() && watchdog());
}

void tracker_connection::close(std::string reason) {
  if (closed_) return;
  closed_ = true;
  reason_ = failure_.empty() ? std::move(reason) : failure_;
  stream_.next_layer().close();
  open_timer_.cancel();
  watchdog_timer_.cancel();
  ready_.set();
}

asio::ip::address tracker_connection::local_address() const {
  const auto here = stream_.next_layer().local();
  return here ? plain_address(*here) : asio::ip::address{};
}

bool tracker_connection::leave() {
  if (!open_ || closed_) return false;
  leaving_ = true;
  ready_.set();
  return true;
}

void tracker_connection::on_bytes_read(std::size_t bytes) {
  if (!overhead_.on_read(bytes, clock::now())) close_for_overhead();
}

void tracker_connection::close_for_overhead() {
  close("tracker " + host_ + " sends too many frames without content");
}

void tracker_connection::heard() {
  last_heard_ = std::chrono::system_clock::now();
  if (heartbeat_ == duration::zero()) return;
  const time_point now = clock::now();
  // Between two beats, so that it does not matter how late they are.
  const bool few = reader_.peers_known() <= tracker_client::asked_each_beat_max;
  ask_at_ = now + (few ? 0 : tracker_client::heartbeats_unheard_max) * heartbeat_ + heartbeat_ / 2;
  mute_at_ = never;
  deadline_ = now + tracker_client::heartbeats_missed_max * heartbeat_;
  if (std::exchange(mute_, false)) reader_.on_mute(false);
}

awaitable<void> tracker_connection::read_loop() {
  while (!closed_) {
    auto got = co_await stream_.async_read_some(inbox_, read_bytes, use_tuple);
    if (closed_) break;
    const error_code ec = std::get<0>(got);
    if (ec == websocket::error::closed || ec == asio::error::eof || ec == asio::error::connection_reset) {
      close("tracker " + host_ + " closed the session");
      break;
    }
    if (ec) {
      close("session with tracker " + host_ + " broke: " + ec.message());
      break;
    }
    overhead_.on_content(std::get<1>(got), stream_.is_message_done());
    heard();
    co_await take_inbox();
  }
}

awaitable<void> tracker_connection::take_inbox() {
  if (!arriving_) {
    arriving_ = std::make_unique<arriving>();
    if (stream_.got_binary()) arriving_->unpacker.emplace();
  }
  turn_ends_ = clock::now() + turn_max;
  const std::string_view bytes{static_cast<const char*>(inbox_.cdata().data()), inbox_.size()};
  if (arriving_->unpacker) {
    arriving_->unpacker->put(bytes);
    while (!closed_) {
      const auto piece = arriving_->unpacker->next();
      if (!piece) refuse(piece.error());
      if (!piece || piece->empty()) break;
      co_await take_text(*piece);
    }
  } else {
    co_await take_text(bytes);
  }
  inbox_.consume(inbox_.size());
  if (closed_ || !stream_.is_message_done()) co_return;
  co_await keep_budget(1, 0);
  if (closed_) co_return;
  const auto finished = std::exchange(arriving_, nullptr);
  if (finished->unpacker && !finished->unpacker->complete()) {
    co_return refuse({errc::protocol, "packed live message: it ends too early"});
  }
  auto message = finished->decoder.finish();
  if (!message) co_return refuse(message.error());
  on_message(std::move(*message));
}

awaitable<void> tracker_connection::take_text(std::string_view text) {
  const auto taken = arriving_->decoder.write(text);
  if (!taken) co_return refuse(taken.error());
  co_await keep_budget(0, text.size());
  if (clock::now() < turn_ends_) co_return;
  const auto executor = stream_.get_executor();
  co_await asio::post(executor, asio::use_awaitable);
  turn_ends_ = clock::now() + turn_max;
}

awaitable<void> tracker_connection::keep_budget(std::size_t messages, std::size_t bytes) {
  const duration pause = budget_.on_read(messages, bytes, clock::now());
  if (pause == duration::zero()) co_return;
  if (closed_) co_return;
  // It is not needed any more for opening, and close() cancels it.
  open_timer_.expires_after(pause);
  const std::int64_t before = stream_.next_layer().small_segments();
  (void)co_await open_timer_.async_wait(use_tuple);
  if (closed_) co_return;
  const bool few = overhead_.on_unread(stream_.next_layer().small_segments() - before, clock::now());
  if (!few) close_for_overhead();
}

void tracker_connection::refuse(const error& nonsense) {
  close("tracker " + host_ + " sent nonsense: " + nonsense.text);
}

void tracker_connection::on_message(tracking::tracker_message message) {
  if (const auto* welcome = std::get_if<tracking::welcome>(&message)) {
    heartbeat_ = std::clamp<duration>(std::chrono::milliseconds(welcome->heartbeat_ms), heartbeat_min, heartbeat_max);
    beat_at_ = clock::now() + heartbeat_;
    heard();
    // A beat is due each heartbeat, so a path that is lost is noticed within two, which the kernel's timer is late for.
    const duration within = std::max<duration>(heartbeat_ - heartbeat_ / 8, acknowledged_within_min);
    stream_.next_layer().set_acknowledged_within(within);
    watchdog_timer_.cancel();
  } else if (const auto* failure = std::get_if<tracking::failure>(&message)) {
    // After the welcome, "limit" is only a remark.
    if (heartbeat_ == duration::zero() || failure->code != name_of(errc::limit)) {
      failure_ = "tracker " + host_ + " refuses: " + failure->text;
    }
  } else if (std::holds_alternative<tracking::snapshot>(message)) {
    resync_asked_ = false;
  }
  const bool follows = reader_.on_message(message);
  if (follows || resync_asked_ || closed_) return;
  resync_asked_ = true;
  resync_wanted_ = true;
  ready_.set();
}

awaitable<void> tracker_connection::write_loop() {
  std::string first = tracking::encode(std::move(join_));
  co_await write(std::move(first));
  while (!closed_) {
    if (std::exchange(beat_due_, false)) {
      co_await beat();
      continue;
    }
    std::optional<tracking::peer_message> next;
    if (leaving_) {
      next = tracking::leave{};
    } else if (std::exchange(resync_wanted_, false)) {
      next = tracking::resync{};
    } else {
      next = unsaid_.next_message(clock::now());
    }
    if (!next) {
      (void)co_await ready_.wait_until(unsaid_.next_deadline());
      continue;
    }
    std::string text = tracking::encode(*next);
    co_await write(std::move(text));
    // The tracker closes now; whoever asked to leave waits for that.
    if (std::holds_alternative<tracking::leave>(*next)) co_return;
  }
}

awaitable<void> tracker_connection::write(std::string text) {
  const auto bytes = asio::buffer(text);
  auto wrote = co_await stream_.async_write(bytes, use_tuple);
  on_written(std::get<0>(wrote));
}

awaitable<void> tracker_connection::beat() {
  const websocket::ping_data nothing;
  if (clock::now() < ask_at_) {
    auto wrote = co_await stream_.async_pong(nothing, use_tuple);
    on_written(std::get<0>(wrote));
  } else {
    auto wrote = co_await stream_.async_ping(nothing, use_tuple);
    on_written(std::get<0>(wrote));
  }
}

void tracker_connection::on_written(error_code ec) {
  if (ec && !closed_) close("session with tracker " + host_ + " broke: " + ec.message());
}

awaitable<void> tracker_connection::watchdog() {
  while (!closed_) {
    const time_point now = clock::now();
    if (now >= deadline_) {
      close("tracker " + host_ + " is silent");
      break;
    }
    if (now >= mute_at_ && !std::exchange(mute_, true)) reader_.on_mute(true);
    if (now >= beat_at_) {
      beat_at_ = now + heartbeat_;
      beat_due_ = true;
      ready_.set();
      if (now >= ask_at_ && mute_at_ == never) mute_at_ = beat_at_ - heartbeat_ / 8;
    }
    watchdog_timer_.expires_at(std::min({deadline_, beat_at_, mute_ ? never : mute_at_}));
    (void)co_await watchdog_timer_.async_wait(use_tuple);
  }
}

}  // namespace shoal
