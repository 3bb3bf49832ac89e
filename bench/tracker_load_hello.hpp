// What a session of tracker_load says first: who it is, and what it has and wants. A session that downloads offers the
// share of the crowd, of which it has nothing, and watches it.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "bench/tracker_load_frames.hpp"
#include "bench/tracker_load_settings.hpp"
#include "directory/tracking.hpp"

namespace shoal::bench {

inline tracking::share_offer offer_of(const std::string& name) {
  tracking::share_offer offer;
  offer.name = name;
  offer.bytes = 1'000'000'000;
  offer.files = 1;
  return offer;
}

inline std::string hello(const settings& given, std::size_t at, std::uint16_t port, std::mt19937_64& random) {
  tracking::join join;
  for (auto& byte : join.peer.bytes) byte = static_cast<std::uint8_t>(random());
  join.name = given.name + "-" + std::to_string(at);
  join.port = port;
  join.version = "0.1.0";
  std::string text = frame(op_text, tracking::encode(join));
  if (at < given.shares) {
    tracking::share_offer offer = offer_of(join.name);
    for (auto& byte : offer.id.bytes) byte = static_cast<std::uint8_t>(random());
    offer.have = offer.bytes;
    text += frame(op_text, tracking::encode(tracking::publish{{offer}}));
  }
  if (given.crowd) {
    text += frame(op_text, tracking::encode(tracking::publish{{offer_of("crowd")}}));
    text += frame(op_text, tracking::encode(tracking::watch{}));
  }
  return text;
}

}  // namespace shoal::bench
