#include "control/make_flows.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

std::string name_of(const peer_node& node, const peer_id& peer) {
  const tracking::peer_row* row = node.discovery().swarm().peer(peer);
  return row == nullptr ? std::string() : row->name;
}

std::size_t text_bytes(std::uint32_t pieces) {
  return ((std::size_t{pieces} + 7) / 8 + 2) / 3 * 4;
}

// So many holders have room beside the map of the share itself.
std::size_t holders_max(std::uint32_t pieces) {
  return std::max<std::size_t>(maps_bytes_max / std::max<std::size_t>(text_bytes(pieces), 1), 2) - 1;
}

}  // namespace

std::vector<rows::flow> flows_of(const peer_node& node) {
  const time_point now = clock::now();
  std::vector<rows::flow> flows;
  for (const auto& [id, one] : node.library().hosted().all()) {
    if (one->peers().session_count() == 0) continue;
    const std::string hex = id.hex();
    const std::string name = one->name();
    one->peers().for_each([&](session& with) {
      if (with.closed()) return;
      flows.push_back({.id = hex,
                       .name = name,
                       .peer = with.remote().id().hex(),
                       .peer_name = name_of(node, with.remote().id()),
                       .address = with.address(),
                       .client = with.remote().extensions().client,
                       .up = with.sent().rate(now),
                       .down = with.received().rate(now),
                       .uploaded = with.sent().total(),
                       .downloaded = with.received().total()});
    });
  }
  std::ranges::sort(flows, {}, [](const rows::flow& one) { return std::tie(one.name, one.id, one.peer, one.address); });
  return flows;
}

held_pieces pieces_of(const peer_node& node, share& which) {
  const geometry& shape = which.content().info()->shape();
  const std::uint32_t count = shape.piece_count();
  held_pieces held{
      .row = {.id = which.id().hex(), .name = which.name(), .pieces = count, .piece_bytes = shape.piece_bytes()},
      .pieces = {}};
  const auto add = [&](rows::piece_holder row, bitmap pieces) {
    // What a peer has is not known before it says it.
    if (pieces.size() != count) pieces = bitmap(count);
    row.seeder = pieces.all();
    held.row.holders.push_back(std::move(row));
    held.pieces.push_back(std::move(pieces));
  };
  add({.peer = node.id().hex(),
       .name = node.options().name,
       .address = to_text(node.local()),
       .client = "shoal/" SHOAL_VERSION,
       .self = true},
      which.content().verified());
  which.peers().for_each([&](session& with) {
    if (with.closed() || held.pieces.size() >= holders_max(count)) return;
    add({.peer = with.remote().id().hex(),
         .name = name_of(node, with.remote().id()),
         .address = with.address(),
         .client = with.remote().extensions().client},
        with.remote().holds());
  });
  return held;
}

std::size_t map_bytes_of(const share& which) {
  const std::uint32_t count = which.content().info()->shape().piece_count();
  return text_bytes(count) * (std::min(which.peers().session_count() + 1, holders_max(count)) + 1);
}

rows::piece_map with_maps(held_pieces from) {
  for (std::size_t i = 0; i < from.pieces.size(); ++i) {
    from.row.holders[i].map = to_base64(from.pieces[i].to_bytes());
  }
  from.row.map = from.row.holders.front().map;
  return std::move(from.row);
}

}  // namespace shoal
