// A message of the tracker, as the first session that got it decoded it, for all sessions that get the same.
//
// Ten thousand sessions are told the same things. If each decoded them, the bench would measure the load and not the
// tracker.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "directory/tracking.hpp"
#include "directory/tracking_pack.hpp"

namespace shoal::bench {

/// So many bytes tell messages apart: the type and the sequence number are within, packed or not.
inline constexpr std::size_t prefix_bytes = 96;

template <class Session>
struct known_message {
  bool decoded = false;
  bool is_snapshot = false;
  bool is_delta = false;
  bool is_swarm = false;
  std::uint64_t seq = 0;
  std::ptrdiff_t peers = 0;       ///< peers that it adds; if some are unlisted, how many there are
  bool counts = false;            ///< some are unlisted
  std::string probe;              ///< name of a probe's share that it publishes
  bool leaving = false;           ///< a peer left, or took its share with it
  std::vector<Session*> waiting;  ///< got it before it was decoded

  /// Ends the process if the tracker sent nonsense.
  void decode(const std::string& bytes, bool is_packed) {
    const auto text = is_packed ? tracking::unpack(bytes) : result<std::string>(bytes);
    if (!text) give_up(text.error().text);
    const auto message = tracking::decode_tracker_message(*text);
    if (!message) give_up(message.error().text);
    decoded = true;
    is_swarm = std::holds_alternative<tracking::swarm>(*message);
    if (const auto* snapshot = std::get_if<tracking::snapshot>(&*message)) {
      is_snapshot = true;
      seq = snapshot->seq;
      peers = static_cast<std::ptrdiff_t>(snapshot->peers.size() + snapshot->unlisted);
      counts = snapshot->unlisted > 0;
    } else if (const auto* delta = std::get_if<tracking::delta>(&*message)) {
      is_delta = true;
      seq = delta->seq;
      counts = delta->unlisted > 0;
      peers = counts
                  ? static_cast<std::ptrdiff_t>(delta->unlisted)
                  : static_cast<std::ptrdiff_t>(delta->joined.size()) - static_cast<std::ptrdiff_t>(delta->left.size());
      leaving = !delta->left.empty() || !delta->withdrawn.empty();
      for (const tracking::share_row& row : delta->published) {
        if (row.name.starts_with("probe")) probe = row.name;
      }
    }
  }

 private:
  [[noreturn]] static void give_up(const std::string& reason) {
    std::fprintf(stderr, "tracker_load: %s\n", reason.c_str());
    std::exit(1);
  }
};

}  // namespace shoal::bench
