// What came of the dials of this process, of all its downloads together. Keeps it from being aimed at a stranger.
//
// Whoever names addresses can name a stranger's: a tracker, a link, a peer that says where it listens. An address that
// proved to be a peer of a share may be dialled as often as its download likes. Any other is dialled once a minute at
// most, and of one origin (core/address_group) so many addresses. Of many downloads that want one address at once, one
// finds out for all.
//
// Pure; part of peer_context, asked by peer_book and by whoever else is about to dial.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/time.hpp"

namespace shoal {

class dial_history {
 public:
  /// An address that is no peer, or does not answer, is dialled once in this time.
  static constexpr duration interval = std::chrono::minutes(1);
  /// Addresses of one origin that are dialled in this time and are no peers. Several people may share one, and the
  /// peers of a swarm that just died are still named for a moment.
  static constexpr std::size_t failures_per_origin_max = 20;
  /// So long after an address last was a peer it is still dialled as one: it starts again, or its network does.
  static constexpr duration proof_lasts = std::chrono::minutes(10);
  /// Until the result of a dial that is under way is known, others look again this often.
  static constexpr duration result_interval = std::chrono::milliseconds(20);
  /// The same for other addresses of an origin of which too many are no peers. There may be thousands of them.
  static constexpr duration origin_interval = std::chrono::seconds(1);

  /// When the address may be dialled: `now` or later.
  time_point earliest(const std::string& host, std::uint16_t port, time_point now) const;
  /// The last dial of the address failed, less than `interval` ago.
  bool has_failed(const std::string& host, std::uint16_t port, time_point now) const;
  /// The dial begins. One of the three below follows.
  void on_dial(const std::string& host, std::uint16_t port, time_point now);
  /// A peer that has the share is there.
  void on_proved(const std::string& host, std::uint16_t port, time_point now);
  void on_failed(const std::string& host, std::uint16_t port, time_point now);
  /// A session with a peer that listens there has worked until now. It may be dialled again at once.
  void on_seen(const std::string& host, std::uint16_t port, time_point now);
  /// It did not leave this machine, which has no descriptor for it or no way there. So it bothered nobody.
  void on_not_made(const std::string& host, std::uint16_t port);
  /// This machine has a new way into the network: what failed before says nothing.
  void on_new_way();

  /// Addresses that are remembered: those of the last minutes.
  std::size_t size() const;

 private:
  struct place {
    time_point dialled = time_point::min();
    time_point proved = time_point::min();
    std::uint32_t under_way = 0;
    bool failed = false;
  };
  using places = std::map<std::pair<std::string, std::uint16_t>, place>;  ///< of all hosts of one origin
  place& place_of(const std::string& host, std::uint16_t port);
  static bool is_proved(const place& one, time_point now) {
    return one.proved != time_point::min() && now < one.proved + proof_lasts;
  }
  static bool counts(const place& one, time_point now) {
    return !is_proved(one, now) && (one.under_way > 0 || (one.failed && now < one.dialled + interval));
  }
  void forget(time_point now);

  std::unordered_map<std::string, places> origins_;
  time_point forgotten_at_ = time_point::min();
};

}  // namespace shoal
