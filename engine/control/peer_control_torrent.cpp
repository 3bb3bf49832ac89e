#include <algorithm>

#include "content/magnet.hpp"
#include "control/peer_control.hpp"
#include "control/share_here.hpp"
#include "control/waits.hpp"
#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "net/own_addresses.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// Peers in one link: some of them are gone when it is used, and a link must stay short enough to be sent.
constexpr std::size_t peers_in_link_max = 8;

std::string endpoint_text(const std::string& host, std::uint16_t port) {
  return to_text(host_port{host, port});
}

// Where trackers can reach this peer; without a tracker, where it listens.
std::vector<std::string> own_endpoints(const peer_node& node) {
  const std::uint16_t port = node.local().port();
  if (!node.options().advertise.empty()) return {endpoint_text(node.options().advertise, port)};
  std::vector<std::string> found;
  bool seen = false;
  for (const auto& tracker : node.discovery().trackers()) {
    const tracker_state state = tracker->state();
    seen = seen || state.connected;
    if (state.connected && state.reachable) found.push_back(endpoint_text(state.address, port));
  }
  if (seen) return found;
  const auto address = plain_address(node.local());
  if (!address.is_unspecified()) return {to_text(node.local())};
  for (const auto& own : own_addresses()) {
    if (own.is_v4() || address.is_v6()) found.push_back(to_text(tcp::endpoint(own, port)));
  }
  return found;
}

// The ways that lead others to the holders of a share.
way_in way_to(const peer_node& node, share* running, bool is_private) {
  way_in way;
  for (const auto& tracker : node.discovery().trackers()) {
    if (!is_private) add_once(way.trackers, to_text(tracker->where()));
  }
  if (running == nullptr) return way;
  const auto add_peer = [&way](const std::string& endpoint) {
    if (is_endpoint(endpoint) && way.peers.size() < peers_in_link_max) add_once(way.peers, endpoint);
  };
  for (const std::string& own : own_endpoints(node)) add_peer(own);
  for (const auto& one : running->peers().contacts()) {
    const tracking::peer_row* row = node.discovery().swarm().peer(one.peer);
    if (row != nullptr && row->reachable) {
      add_peer(endpoint_text(row->address, row->port));
    } else if (one.where) {
      add_peer(endpoint_text(one.where->address, one.where->port));
    }
  }
  return way;
}

}  // namespace

peer_control::answer<rows::torrent_file> peer_control::torrent(requests::one wanted, caller& by) {
  co_await wait_for_record(node_, wanted.what, by);
  const auto found = find_share_here(node_, wanted.what);
  if (!found) co_return found.error();
  const metainfo_ptr info = found->info();
  if (!info || !info->has_layers()) {
    co_return error{errc::not_found, "'" + found->name + "' is not known well enough yet: wait for its metadata"};
  }
  magnet_link link;
  link.id = info->id();
  link.name = info->name();
  link.way = way_to(node_, found->running.get(), info->is_private());
  const publication published = found->running ? found->running->published() : publication{};
  auto write = [info, way = link.way, published]() -> result<std::string> {
    return to_base64(info->to_torrent(way, published));
  };
  const auto torrent = co_await offload(node_.context().background, std::move(write));
  co_return rows::torrent_file{
      .id = info->id().hex(), .name = info->name(), .torrent = *torrent, .magnet = format_magnet(link)};
}

}  // namespace shoal
