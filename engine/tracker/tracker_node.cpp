#include "tracker/tracker_node.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/endpoint.hpp"
#include "net/host_names.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

/// Deadlines are late by this at most, or by a part of a heartbeat that nobody misses.
constexpr duration sweep_interval_max = std::chrono::milliseconds(100);
constexpr int sweeps_per_heartbeat = 8;
/// A crowd that joins is not told of itself more rarely than this.
constexpr duration batch_pause_max = std::chrono::seconds(1);

}  // namespace

tracker_node::tracker_node(asio::any_io_executor executor, tracker_options options)
    : executor_(executor),
      options_(std::move(options)),
      key_files_(executor, options_.key_files, [this] { on_keys(); }),
      registry_(options_.limits),
      dials_(options_.session.dial_backs_max, options_.session.dial_back_interval),
      frames_(options_.session.heartbeat),
      changed_(executor),
      batch_pause_(executor),
      sweep_timer_(executor),
      tasks_(executor) {
  for (std::string& name : own_host_names()) options_.host_names.push_back(std::move(name));
}

tracker_node::~tracker_node() = default;

result<void> tracker_node::open() {
  if (options_.listen.empty()) return error{errc::usage, "there is no address to listen on"};
  if (options_.session.heartbeat < tracker_options::heartbeat_min) {
    return error{errc::usage, "the heartbeat is too short: choose 100 ms or more"};
  }
  if (auto read = key_files_.open(); !read) return read;
  if (auto read = open_certificate(); !read) return read;
  std::vector<std::unique_ptr<listener>> opened;
  for (const tcp::endpoint& where : options_.listen) {
    auto take = [this](stream guest, std::uint8_t first_byte) { on_connection(std::move(guest), first_byte); };
    auto turn_away = [this](stream guest, std::uint8_t first_byte) { on_stranger(std::move(guest), first_byte); };
    auto one = std::make_unique<listener>(executor_, key_files_.keys(), std::move(take), std::move(turn_away),
                                          silent_connections_max, options_.connections);
    if (const auto bound = one->open(where); !bound) return bound.error();
    opened.push_back(std::move(one));
  }
  listeners_ = std::move(opened);
  return {};
}

result<void> tracker_node::open_certificate() {
  if (options_.certificate.chain.empty()) return {};
  auto token = access_token::read_file(options_.token_file);
  if (!token) return within("cannot use the token", token.error());
  token_ = std::move(*token);
  auto read = read_certificate(options_.certificate);
  if (!read) return read.error();
  log_info("programs without the key may use HTTPS with the token certificate={}", read->fingerprint());
  key_files_.show(std::move(*read));
  return {};
}

awaitable<void> tracker_node::run() {
  for (const auto& one : listeners_) {
    log_info("tracker listens endpoint={}", to_text(one->local()));
    tasks_.spawn("listener", one->run());
  }
  tasks_.spawn("keys", key_files_.run());
  announce();
  tasks_.spawn("batches", batch_loop());
  tasks_.spawn("sweeps", sweep_loop());
  co_await tasks_.join();
}

void tracker_node::stop() {
  if (std::exchange(stopped_, true)) return;
  for (const auto& one : listeners_) one->stop();
  for (stream& one : visitors_) one.close();
  for (stream& one : strangers_) one.close();
  for (const auto& [id, session] : sessions_) session->close(tracker_session_end::stopping);
  key_files_.stop();
  if (announcement_) announcement_->stop();
  changed_.set();
  batch_pause_.cancel();
  sweep_timer_.cancel();
}

void tracker_node::announce() {
  const auto reachable = [](const auto& one) { return !one->local().address().is_loopback(); };
  const auto at = std::ranges::find_if(listeners_, reachable);
  if (options_.announced_name.empty() || at == listeners_.end()) return;
  const char* text = key_files_.keys().is_private() ? private_swarm_text : open_swarm_text;
  announcement_.emplace(executor_, options_.announced_name, (*at)->local().port(), text);
  tasks_.spawn("announcement", announcement_->run());
}

std::vector<tcp::endpoint> tracker_node::local() const {
  std::vector<tcp::endpoint> bound;
  for (const auto& one : listeners_) bound.push_back(one->local());
  return bound;
}

tracker_node::visitor tracker_node::take(std::list<stream>& all, std::size_t most, stream connection) {
  if (all.size() >= most) all.front().close();
  return all.insert(all.end(), std::move(connection));
}

void tracker_node::on_connection(stream connection, std::uint8_t first_byte) {
  if (stopped_ || !begins_http(first_byte)) return;
  tasks_.spawn("connection", visit(take(visitors_, visitors_max, std::move(connection))));
}

void tracker_node::on_stranger(stream connection, std::uint8_t first_byte) {
  if (!connection.is_encrypted() && strangers_logged_.pass(clock::now())) {
    const auto remote = connection.remote();
    log_warn("a connection without the key of this swarm is refused from={} unlogged={}",
             remote ? to_text(*remote) : "gone", strangers_logged_.take_left_out());
  }
  if (stopped_ || !begins_http(first_byte)) return;
  tasks_.spawn("stranger", turn_away(take(strangers_, strangers_max, std::move(connection))));
}

void tracker_node::on_keys() {
  for (const auto& [id, session] : sessions_) {
    const auto& key = session->key();
    if (key && key_files_.keys().find(*key) == nullptr) session->close(tracker_session_end::key_withdrawn);
  }
}

awaitable<bool> tracker_node::lets_in(stream& guest, const http_request& request) {
  const auto given = request[boost::beast::http::field::authorization];
  if (token_ && token_->lets_read({given.data(), given.size()})) co_return true;
  if (!given.empty() && strangers_logged_.pass(clock::now())) {
    const auto remote = guest.remote();
    log_warn("a request over HTTPS has a wrong token from={} unlogged={}", remote ? to_text(*remote) : "gone",
             strangers_logged_.take_left_out());
  }
  http_answer response = challenge_of(request);
  co_await write_answer(guest, std::move(response), request, options_.request_timeout);
  co_return false;
}

awaitable<void> tracker_node::turn_away(visitor guest) {
  const time_point begun = clock::now();
  auto request = co_await read_request(*guest, options_.request_timeout);
  const auto remote = guest->remote();
  const bool by_certificate = guest->is_encrypted();
  bool taken = false;
  if (request && !stopped_ && by_certificate) {
    const bool may = co_await lets_in(*guest, *request);
    if (may && !stopped_) taken = co_await answer(*guest, std::move(*request));
  } else if (request && !stopped_) {
    std::string why = "This swarm is private: its key is needed";
    if (key_files_.keys().shown() != nullptr) why += ", or https:// and the token of the tracker";
    co_await refuse(*guest, *request, why + ".");
  }
  strangers_.erase(guest);
  if (remote && by_certificate && !taken) on_connection_end(*remote, begun);
}

awaitable<void> tracker_node::visit(visitor guest) {
  const time_point begun = clock::now();
  auto request = co_await read_request(*guest, options_.request_timeout);
  const auto remote = guest->remote();
  // The keys may have changed since it was proven.
  const auto& key = guest->key();
  const bool accepted = !key || key_files_.keys().find(*key) != nullptr;
  bool taken = false;
  if (request && accepted && !stopped_) taken = co_await answer(*guest, std::move(*request));
  visitors_.erase(guest);
  if (remote && !taken) on_connection_end(*remote, begun);
}

awaitable<bool> tracker_node::answer(stream& from, http_request request) {
  if (!opens_live(request)) {
    const auto metrics_in = [this](metrics_text::format how) { return metrics(how); };
    http_answer response = answer_to(request, metrics_in);
    co_await write_answer(from, std::move(response), request, options_.request_timeout);
    co_return false;
  }
  const auto remote = from.remote();
  if (!remote) co_return false;
  if (const auto may = check_page(request, options_.host_names); !may) {
    co_await refuse(from, request, may.error().text);
    co_return false;
  }
  begin_session(std::move(from), *remote, std::move(request));
  co_return true;
}

void tracker_node::begin_session(stream connection, tcp::endpoint remote, http_request upgrade) {
  const tracker_session_id id = next_session_;
  ++next_session_;
  tracker_session_host& self = *this;
  sessions_.emplace(id,
                    std::make_unique<tracker_session>(id, std::move(connection), std::move(remote), std::move(upgrade),
                                                      options_.session, registry_, dials_, self));
  plan_look(id, sessions_.at(id)->look(clock::now()));
  tasks_.spawn("tracker session", serve(id));
}

std::string tracker_node::metrics(metrics_text::format how) const {
  metrics_text text(how);
  text.info("shoal_build", "What this program is.", {{"version", SHOAL_VERSION}});
  text.gauge({"shoal_tracker_sessions", {}, "Peers and pages that are connected."},
             static_cast<double>(sessions_.size()));
  text.gauge({"shoal_tracker_peers", {}, "Peers that joined."}, static_cast<double>(registry_.peer_count()));
  text.gauge({"shoal_tracker_lookers", {}, "Pages that look at the swarm."},
             static_cast<double>(registry_.looker_count()));
  text.gauge({"shoal_tracker_shares", {}, "Shares that are listed."}, static_cast<double>(registry_.share_count()));
  std::vector<std::pair<std::string, double>> ends;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    ends.emplace_back(name_of(static_cast<tracker_session_end>(i)), static_cast<double>(ends_[i]));
  }
  text.counters({"shoal_tracker_sessions_ended", {}, "Sessions that ended, by the reason."}, "reason", ends);
  text.process();
  return std::move(text).finish();
}

awaitable<void> tracker_node::refuse(stream& to, const http_request& request, std::string why) {
  http_answer response = refusal_of(request, why);
  co_await write_answer(to, std::move(response), request, options_.request_timeout);
}

awaitable<void> tracker_node::serve(tracker_session_id id) {
  tracker_session& session = *sessions_.at(id);
  const time_point begun = clock::now();
  co_await session.run();
  ++ends_[static_cast<std::size_t>(session.why())];
  if (log_limits_.ends.pass(clock::now())) {
    log_info("session ends endpoint={} peer={} reason={} unlogged={}", to_text(session.remote()), session.peer().hex(),
             name_of(session.why()), log_limits_.ends.take_left_out());
  }
  on_connection_end(session.remote(), begun);
  sessions_.erase(id);
}

void tracker_node::on_connection_end(const tcp::endpoint& from, time_point begun) {
  if (clock::now() - begun >= connection_rate::short_time) return;
  for (const auto& one : listeners_) one->on_short_connection(from);
}

tracker_session* tracker_node::find(tracker_session_id id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void tracker_node::end_session(tracker_session_id session, tracker_session_end why) {
  if (tracker_session* found = find(session)) found->close(why);
}

awaitable<void> tracker_node::batch_loop() {
  while (!stopped_) {
    const time_point due = registry_.next_deadline();
    const time_point begun = clock::now();
    if (due <= begun) {
      registry::batch batch = registry_.next_batch(begun);
      const bool to_all = batch.delta.has_value();
      send(std::move(batch));
      // Comes round after all sessions have begun to write. As long as that took, newcomers are served: otherwise
      // telling a crowd about each part of itself would keep the rest of it waiting.
      co_await asio::post(executor_, asio::use_awaitable);
      const duration telling = clock::now() - begun;
      if (to_all) registry_.on_told(telling);
      batch_pause_.expires_after(std::min(telling, batch_pause_max));
      if (!stopped_) (void)co_await batch_pause_.async_wait(use_tuple);
      continue;
    }
    // Any change wakes this early, and the loop looks again when the next batch is due.
    (void)co_await changed_.wait_until(due);
  }
}

void tracker_node::plan_look(tracker_session_id id, time_point when) {
  if (when != never) looks_.emplace(when, id);
}

awaitable<void> tracker_node::sweep_loop() {
  const duration interval = std::min<duration>(options_.session.heartbeat / sweeps_per_heartbeat, sweep_interval_max);
  while (!stopped_) {
    const time_point now = clock::now();
    // Each session is touched when it is due and not before: most of what it costs is to bring it into the cache.
    while (!looks_.empty() && looks_.top().first <= now) {
      const tracker_session_id id = looks_.top().second;
      looks_.pop();
      if (tracker_session* session = find(id)) plan_look(id, session->look(now));
    }
    sweep_timer_.expires_after(interval);
    (void)co_await sweep_timer_.async_wait(use_tuple);
  }
}

void tracker_node::send(registry::batch batch) {
  const auto encoded = [](auto& message) { return encode_shared(std::move(message)); };
  if (batch.delta) {
    const shared_text text = encoded(batch.delta->message);
    for (const tracker_session_id id : batch.delta->to) {
      if (tracker_session* session = find(id)) session->send(text);
    }
  }
  if (batch.snapshot) {
    const shared_text text = encoded(batch.snapshot->message);
    for (const tracker_session_id id : batch.snapshot->to) {
      if (tracker_session* session = find(id)) session->send_list(text);
    }
  }
  const auto send_all = [&](auto& messages) {
    for (auto& one : messages) {
      const shared_text text = encoded(one.message);
      for (const tracker_session_id id : one.to) {
        if (tracker_session* session = find(id)) session->send(text);
      }
    }
  };
  send_all(batch.swarms);
  send_all(batch.wanted);
}

}  // namespace shoal
