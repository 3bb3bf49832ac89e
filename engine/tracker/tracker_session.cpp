#include "tracker/tracker_session.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <utility>

#include "core/address_group.hpp"
#include "core/overloaded.hpp"
#include "directory/tracking_pack.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "tracker/tracking_prices.hpp"

namespace shoal {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using namespace asio::experimental::awaitable_operators;

namespace {

/// A large message goes out in fragments of this size, with room for control frames in between.
constexpr std::size_t fragment_bytes = 64 * KiB;
/// Held while nothing comes. Most messages fit.
constexpr std::size_t idle_inbox_bytes = 512;
/// Read at a time of a message that does not.
constexpr std::size_t read_bytes = 16 * KiB;
/// Deadlines move, so a session is looked at this often at least.
constexpr duration look_interval_max = std::chrono::seconds(5);
/// For the peer to read why it is sent away, before the connection is closed.
constexpr duration farewell_timeout = std::chrono::seconds(1);

}  // namespace

std::string_view name_of(tracker_session_end why) {
  constexpr std::string_view names[tracker_session_ends] = {"closed",        "left",     "silent",  "slow_reader",
                                                            "late",          "protocol", "refused", "replaced",
                                                            "key_withdrawn", "stopping"};
  return names[static_cast<std::size_t>(why)];
}

shared_text encode_shared(tracking::tracker_message message) {
  std::optional<tracking::packer> packing;
  const auto put = [&](std::string_view part) {
    if (!packing) packing.emplace();
    packing->put(part);
  };
  std::string text = tracking::encode(message, put);
  if (packing || text.size() >= tracking::packed_from_bytes) {
    put(text);
    if (auto packed = packing->finish()) {
      return std::make_shared<const tracking_text>(tracking_text{std::move(*packed), true});
    }
    // Rare: it packs too well. To write it once more is cheaper than to keep every long text in memory.
    text = tracking::encode(message);
  }
  return std::make_shared<const tracking_text>(tracking_text{std::move(text), false});
}

tracker_session::tracker_session(tracker_session_id id, stream connection, tcp::endpoint remote, http_request upgrade,
                                 const tracker_session_settings& settings, registry& state, dial_gate& dials,
                                 tracker_session_host& host)
    : id_(id),
      remote_(std::move(remote)),
      origin_(origin_text(plain_address(remote_).to_string())),
      settings_(settings),
      registry_(state),
      dials_(dials),
      host_(host),
      stream_(std::move(connection)),
      upgrade_(std::make_unique<http_request>(std::move(upgrade))),
      turn_(stream_.get_executor()),
      account_(host.messages(), group_of(remote_.address()), clock::now()),
      free_(tracking_prices::free, clock::now()),
      overhead_(frame_overhead::of_peer(settings.heartbeat), clock::now()),
      admitted_(stream_.get_executor()),
      tasks_(stream_.get_executor()),
      deadline_(clock::now() + settings.join_timeout) {
  stream_.next_layer().set_read_observer(*this);
  stream_.read_message_max(tracking::peer_message_bytes_max);
  stream_.auto_fragment(false);
  stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
    heard();
    on_control_frame(kind == websocket::frame_type::ping);
  });
  host_.frames().on_session(origin_, clock::now());
}

tracker_session::~tracker_session() {
  host_.frames().on_session_end(origin_, clock::now());
}

awaitable<void> tracker_session::run() {
  co_await read_loop();
  co_await tasks_.join();
}

void tracker_session::close(tracker_session_end why) {
  // Otherwise it ends by itself: what it finds is remembered, or a peer that comes and goes could have it repeated.
  if (dialled_ && why == tracker_session_end::stopping) dialled_->close();
  if (closed_) return;
  closed_ = true;
  if (!failing_) why_ = why;
  leave_registry();
  stream_.next_layer().close();
  if (pause_) pause_->cancel();
  if (later_) later_->set();
  turn_.set();
  admitted_.set();
  for (event* asker : std::exchange(askers_, {})) asker->set();
}

void tracker_session::leave_registry() {
  if (!std::exchange(in_registry_, false)) return;
  registry_.on_leave(id_, clock::now());
  host_.registry_changed();
}

void tracker_session::on_bytes_read(std::size_t bytes) {
  const time_point now = clock::now();
  // What is content is known later. So it does not count in what this session sent before.
  const bool modest = overhead_.is_modest(now);
  const bool mine = overhead_.on_read(bytes, now);
  const bool all = host_.frames().on_read(origin_, bytes, now);
  keep_overhead(mine, all, modest);
}

void tracker_session::keep_overhead(bool mine, bool all, bool modest) {
  if (!mine || (!all && !modest)) close(tracker_session_end::protocol);
}

void tracker_session::on_control_frame(bool is_ping) {
  const time_point now = clock::now();
  const bool modest = overhead_.is_modest(now);
  const bool mine = overhead_.on_control_frame(is_ping, now);
  const bool all = host_.frames().on_control_frame(origin_, is_ping, now);
  keep_overhead(mine, all, modest);
}

void tracker_session::heard() {
  for (event* asker : std::exchange(askers_, {})) asker->set();
  if (in_registry_) deadline_ = clock::now() + heartbeats_missed_max * settings_.heartbeat;
}

awaitable<void> tracker_session::read_loop() {
  auto accepted = co_await stream_.async_accept(*upgrade_, use_tuple);
  upgrade_.reset();
  if (std::get<0>(accepted)) close(tracker_session_end::closed);
  while (!closed_) {
    const std::size_t bytes_max = inbox_.size() == 0 ? idle_inbox_bytes : read_bytes;
    auto got = co_await stream_.async_read_some(inbox_, bytes_max, use_tuple);
    if (closed_) break;
    const error_code ec = std::get<0>(got);
    if (ec) {
      const bool broke_protocol = ec == websocket::condition::protocol_violation ||
                                  ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow;
      close(broke_protocol ? tracker_session_end::protocol : tracker_session_end::closed);
      break;
    }
    overhead_.on_content(std::get<1>(got), stream_.is_message_done());
    host_.frames().on_content(origin_, std::get<1>(got), stream_.is_message_done());
    heard();
    if (!count_inbox(inbox_.size() + held_bytes_)) {
      fail({errc::limit, "too many long messages come from " + origin_ + " at once"});
      inbox_.clear();
    }
    if (!stream_.is_message_done()) {
      if (message_deadline_ == never || inbox_.size() >= message_counted_ + message_part_bytes) {
        message_deadline_ = clock::now() + message_timeout;
        message_counted_ = inbox_.size();
      }
      continue;
    }
    message_deadline_ = never;
    const std::string_view text(static_cast<const char*>(inbox_.cdata().data()), inbox_.size());
    if (!failing_) co_await on_text(text);
    inbox_.consume(inbox_.size());
    if (inbox_.capacity() > idle_inbox_bytes) inbox_.shrink_to_fit();
    (void)count_inbox(held_bytes_);
    if (held_bytes_ > held_bytes_max) co_await admitted_.wait();
  }
  (void)count_inbox(0);
}

awaitable<void> tracker_session::wait_for_credit(work_price price) {
  if (const auto now = clock::now(); account_.next_credit(now, price) <= now) co_return;
  while (!closed_ && !failing_) {
    const auto now = clock::now();
    const auto when = account_.next_credit(now, std::max(price, account_.pause_price()));
    if (when <= now) break;
    co_await rest_until(when);
  }
}

awaitable<void> tracker_session::rest_until(time_point when) {
  if (!pause_) pause_ = std::make_unique<asio::steady_timer>(stream_.get_executor());
  pause_->expires_at(std::min(when, clock::now() + settings_.heartbeat));
  // A peer whose pings are not read must not believe that the tracker is gone.
  if (const auto now = clock::now(); now >= shown_life_ + settings_.heartbeat && !std::exchange(pinging_, true)) {
    shown_life_ = now;
    tasks_.spawn("ping", ping());
  }
  const std::int64_t before = stream_.next_layer().small_segments();
  (void)co_await pause_->async_wait(use_tuple);
  if (closed_) co_return;
  const std::int64_t came = stream_.next_layer().small_segments() - before;
  const time_point now = clock::now();
  const bool modest = overhead_.is_modest(now);
  const bool mine = overhead_.on_unread(came, now);
  const bool all = host_.frames().on_unread(origin_, came, now);
  keep_overhead(mine, all, modest);
  // What shows that the peer lives may wait unread.
  heard();
}

bool tracker_session::count_inbox(std::size_t bytes) {
  const bool matters = std::max(bytes, counted_bytes_) > inbox_budget::bytes_free;
  if (matters && !host_.inboxes().change(origin_, counted_bytes_, bytes)) return false;
  counted_bytes_ = bytes;
  return true;
}

awaitable<void> tracker_session::on_text(std::string_view text) {
  const time_point now = clock::now();
  pays_ = !free_.take(text.size(), now) ||
          (free_.is_half_spent() && !host_.frames().take_free_message(origin_, text.size(), now));
  const work_price reading =
      pays_ ? tracking_prices::message + tracking_prices::byte * static_cast<work_price>(text.size()) : 0;
  // Whoever comes back to say more does not escape what its origin owes: it pays first.
  if (pays_) co_await wait_for_credit(reading);
  if (closed_ || failing_) co_return;
  account_.charge(reading);
  auto decoded = tracking::decode_peer_message(text);
  if (!decoded) {
    fail(decoded.error());
    co_return;
  }
  if (const work_price price = price_of(*decoded, text.size()); price > 0) {
    co_await wait_for_credit(price);
    if (closed_ || failing_) co_return;
    account_.charge(price);
  }
  take(std::move(*decoded), text.size());
}

void tracker_session::take(tracking::peer_message message, std::size_t bytes) {
  if (!join_received_) {
    if (std::holds_alternative<tracking::look>(message)) return begin_to_look();
    auto* join = std::get_if<tracking::join>(&message);
    if (join == nullptr) return fail({errc::protocol, "the first message must be 'join' or 'look'"});
    if (is_guest())
      return fail({errc::permission, "who comes by the certificate may look, and joins with the key alone"});
    join_ = std::move(*join);
    join_received_ = true;
    deadline_ = clock::now() + settings_.dial_back_timeout + settings_.join_timeout;
    tasks_.spawn("admission", admit());
  } else if (!in_registry_ && !std::holds_alternative<tracking::leave>(message)) {
    held_bytes_ += sizeof(message) + bytes;
    held_.push_back(std::move(message));
  } else {
    registry_.on_talkative(id_, pays_ || free_.is_half_spent());
    if (looks_ && !is_for_lookers(message)) {
      return fail(
          {errc::protocol, "who looks may say 'look', 'watch', 'unwatch', 'resync', 'list_peers' and 'leave' alone"});
    }
    apply(message);
    host_.registry_changed();
  }
}

void tracker_session::apply(const tracking::peer_message& message) {
  const time_point now = clock::now();
  result<void> outcome;
  std::visit(overloaded{
                 [&](const tracking::publish& said) { outcome = registry_.on_publish(id_, said, now); },
                 [&](const tracking::withdraw& said) { registry_.on_withdraw(id_, said, now); },
                 [&](const tracking::progress& said) { registry_.on_progress(id_, said, now); },
                 [&](const tracking::hashing& said) { outcome = registry_.on_hashing(id_, said, now); },
                 [&](const tracking::watch& said) { outcome = registry_.on_watch(id_, said, now); },
                 [&](const tracking::unwatch& said) { registry_.on_unwatch(id_, said); },
                 [&](const tracking::unreached& said) { registry_.on_unreached(id_, said, now); },
                 [&](const tracking::resync&) { registry_.on_resync(id_, now); },
                 [&](const tracking::list_peers& said) { send_list(encode_shared(registry_.page(said))); },
                 [&](const tracking::leave&) { close(tracker_session_end::left); },
                 [&](const tracking::join&) { fail({errc::protocol, "'join' was said already"}); },
                 [&](const tracking::look&) {
                   if (!looks_) return fail({errc::protocol, "a peer does not say 'look'"});
                   // The page has no other way to know that the tracker lives.
                   welcome(plain_address(remote_).to_string(), false);
                 },
             },
             message);
  if (!outcome) tell(outcome.error());
}

void tracker_session::tell(const error& limit) {
  if (pays_) account_.charge(tracking_prices::refusal);
  tracking::failure failure;
  failure.code = name_of(limit.code);
  failure.text = limit.text.substr(0, tracking::text_bytes_max);
  send(encode_shared(std::move(failure)));
}

void tracker_session::fail(const error& reason) {
  if (failing_ || closed_) return;
  why_ = reason.code == errc::protocol || reason.code == errc::malformed ? tracker_session_end::protocol
                                                                         : tracker_session_end::refused;
  if (log_limit& failures = host_.log_limits().failures; failures.pass(clock::now())) {
    log_info("session fails endpoint={} error={} unlogged={}", to_text(remote_), reason.text, failures.take_left_out());
  }
  leave_registry();
  tell(reason);
  failing_ = true;
  if (pause_) pause_->cancel();
  deadline_ = clock::now() + farewell_timeout;
  admitted_.set();
  start_writing();
}

void tracker_session::send(shared_text message) {
  enqueue({std::move(message), false});
}

void tracker_session::send_list(shared_text message) {
  enqueue({std::move(message), true});
}

void tracker_session::enqueue(outgoing message) {
  if (closed_ || failing_) return;
  if (message.is_list) {
    // Who asks for one after the other without reading them would fill the memory.
    if (++lists_unsent_ > 1) return close(tracker_session_end::slow_reader);
  } else {
    if (outbox_bytes_ > settings_.outbox_bytes_max) return close(tracker_session_end::slow_reader);
    outbox_bytes_ += message.text->bytes.size();
  }
  outbox_.push_back(std::move(message));
  start_writing();
}

void tracker_session::start_writing() {
  if (!std::exchange(writing_, true)) tasks_.spawn("writes", write_loop());
}

awaitable<void> tracker_session::write_loop() {
  while (!closed_) {
    error_code ec;
    if (!outbox_.empty()) {
      outgoing next = std::move(outbox_.front());
      outbox_.pop_front();
      ec = co_await write(std::move(next));
    } else if (failing_) {
      // The peer reads the failure, closes, and read_loop sees that; look() bounds it.
      stream_.next_layer().shutdown_send();
      break;
    } else {
      break;
    }
    if (ec) close(tracker_session_end::closed);
  }
  write_deadline_ = never;
  writing_ = false;
}

awaitable<error_code> tracker_session::write(outgoing message) {
  const std::string& text = message.text->bytes;
  stream_.binary(message.text->packed);
  std::size_t sent = 0;
  while (sent < text.size() && !closed_) {
    const std::size_t bytes = std::min(fragment_bytes, text.size() - sent);
    const bool last = sent + bytes == text.size();
    const auto fragment = asio::buffer(text.data() + sent, bytes);
    write_deadline_ = clock::now() + settings_.write_timeout;
    auto wrote = co_await stream_.async_write_some(last, fragment, use_tuple);
    if (std::get<0>(wrote)) co_return std::get<0>(wrote);
    sent += bytes;
  }
  if (message.is_list) {
    --lists_unsent_;
  } else {
    outbox_bytes_ -= text.size();
  }
  co_return error_code{};
}

time_point tracker_session::look(time_point now) {
  if (now >= deadline_) close(in_registry_ ? tracker_session_end::silent : tracker_session_end::late);
  if (now >= write_deadline_) close(tracker_session_end::slow_reader);
  if (now >= message_deadline_) close(tracker_session_end::late);
  if (closed_) return never;
  return std::min(deadline_, now + std::min(settings_.heartbeat, look_interval_max));
}

}  // namespace shoal
