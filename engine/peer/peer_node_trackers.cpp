// What a peer says to its trackers, and what it does with what they say.

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr duration resolve_timeout = std::chrono::seconds(5);

}  // namespace

void peer_node::publish(const share& which) {
  if (!which.info()) return;
  if (which.info()->is_private()) {
    // What it is may have become known only now.
    for (auto& tracker : trackers_) tracker->unwatch(which.id());
    return;
  }
  live::share_offer offer;
  offer.id = which.id();
  offer.name = which.info()->name();
  offer.bytes = which.info()->total_bytes();
  offer.files = which.info()->regular_file_count();
  offer.have = which.verified_bytes();
  offer.publication = which.published;
  if (published_.insert(offer.id).second) {
    log_info("share is offered name=\"{}\" size=\"{}\" here=\"{}\" share={}", printable(offer.name),
             human_bytes(offer.bytes), human_bytes(offer.have), offer.id.hex().substr(0, 12));
  }
  for (auto& tracker : trackers_) tracker->publish(offer);
}

void peer_node::withdraw(const share& which) {
  const share_id id = which.id();
  const bool offered = published_.erase(id) > 0;
  for (auto& tracker : trackers_) {
    tracker->unwatch(id);
    if (offered) tracker->withdraw(id);
  }
  if (offered) {
    log_info("share is withdrawn name=\"{}\" size=\"{}\" share={}", printable(which.name()),
             human_bytes(which.info() ? which.info()->total_bytes() : 0), id.hex().substr(0, 12));
  }
}

void peer_node::on_share_progress(share& which) {
  if (!published_.contains(which.id())) {
    if (const auto row = catalogue_.share(which.id())) which.published = merged(which.published, row->publication);
    publish(which);
  } else {
    for (auto& tracker : trackers_) tracker->progress(which.id(), which.verified_bytes());
  }
}

void peer_node::on_connected(std::size_t, const live::welcome& welcome) {
  catalogue_seen_ = true;
  if (!welcome.reachable) {
    log_warn(
        "tracker cannot connect back address={} port={}: other peers cannot either; open the port, or choose one "
        "with --listen",
        welcome.address, listener_.local().port());
  }
}

void peer_node::on_disconnected(std::size_t, const std::string&) {
  // Sessions go on without a tracker, and its client has logged the reason.
}

void peer_node::on_rows(std::size_t) {
  changes_.notify_all();
}

void peer_node::on_swarm(std::size_t, const live::swarm& change) {
  const auto at = shares_.find(change.id);
  if (at == shares_.end()) return;
  for (const auto& row : change.joined) at->second->on_found({row.address, row.port}, row.peer, row.seeder);
  for (const peer_id& gone : change.left) at->second->on_left(gone);
}

void peer_node::on_wanted(std::size_t, const live::wanted& call) {
  const auto at = shares_.find(call.id);
  const peer_address where{call.address, call.port};
  if (at == shares_.end() || stopped_ || !wanted_dials_.on_wanted(where, clock::now())) return;
  at->second->on_wanted(where, call.peer);
}

awaitable<void> peer_node::find_user_peers(std::shared_ptr<share> which, std::vector<std::string> peers) {
  for (const std::string& text : peers) {
    const auto where = parse_host_port(text);
    if (!where) continue;
    const auto found = co_await resolve(*where, resolve_timeout);
    if (which->stopped()) co_return;
    if (!found) {
      log_warn("peer is not found peer={} error=\"{}\"", text, found.error().text);
      continue;
    }
    for (const auto& endpoint : *found) {
      which->on_found({plain_address(endpoint).to_string(), endpoint.port()}, std::nullopt, false);
    }
  }
}

}  // namespace shoal
