// The live catalogue: what the swarm has and who is here, kept from the snapshots and deltas of one or
// several trackers.
//
// A pure data structure. Owned by the peer node; written by the tracker clients, each under its own index;
// read by the node and its control socket, all on one thread. A peer is listed once however many trackers
// know it; for a share the higher counts win, since trackers that know the same swarm count the same holders.
// What a tracker said stays until its next snapshot replaces it, so a tracker that is gone does not empty the
// list. DESIGN: "Between peer and tracker".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "directory/live.hpp"

namespace shoal {

/// A share to come: some peer of the swarm still hashes it.
struct hashed_share {
  std::string name;
  peer_id peer;
  std::string peer_name;
  std::uint64_t bytes = 0;  ///< 0: not counted yet
  std::uint64_t done = 0;
};
/// "seed is still hashing x (12 %)", for people.
std::string text_of(const hashed_share& one);

class catalogue {
 public:
  /// Shortest prefix of an id that find() takes: 32 bits keep accidental matches with names rare.
  static constexpr std::size_t prefix_digits_min = 8;
  /// Candidates that the text of errc::ambiguous lists; the rest is a number.
  static constexpr std::size_t candidates_listed_max = 5;

  /// Replaces everything that this tracker said. Trackers are numbered from 0.
  void on_snapshot(std::size_t tracker, live::snapshot snapshot);
  /// False if the delta does not follow what is known of this tracker: nothing is changed, ask it for a
  /// resync.
  [[nodiscard]] bool on_delta(std::size_t tracker, const live::delta& delta);

  /// All shares, sorted by name, then by id.
  std::vector<live::share_row> shares() const;
  /// All peers, sorted by name, then by id.
  std::vector<live::peer_row> peers() const;
  std::size_t share_count() const;
  /// Peers that this tracker lists.
  std::size_t peer_count(std::size_t tracker) const;
  /// Nothing if no tracker lists it.
  const live::peer_row* peer(const peer_id& id) const;
  std::optional<live::share_row> share(const share_id& id) const;
  /// Whether this tracker lists it.
  bool lists(std::size_t tracker, const share_id& id) const;
  bool lists(std::size_t tracker, const peer_id& id) const;

  /// What people mean by `what`: the id (64 hexadecimal digits), else an exact name, else a prefix of an id
  /// of prefix_digits_min or more digits, else a glob as in fnmatch(3) (`*` and `?` match `/` as well). A
  /// glob gives all that match, sorted by name, the others one share. Of shares with one name by one publisher a name
  /// or a glob means the newest, an id any. errc::not_found if there is none, errc::ambiguous with the candidates if a
  /// name or a prefix means several.
  result<std::vector<live::share_row>> find(std::string_view what) const;
  /// The shares called exactly so, sorted by id.
  std::vector<live::share_row> named(std::string_view name) const;
  /// Those called exactly so, else those whose name matches, sorted by name; none is no error. For listings.
  std::vector<live::share_row> matching(std::string_view glob) const;
  /// Of rows that are sorted by name, those that no other supersedes.
  static std::vector<live::share_row> newest(std::vector<live::share_row> rows);

  /// Shares that somebody still hashes and whose name nobody lists yet: those called `what`, or matching it as a glob.
  /// Sorted by name, then by peer.
  std::vector<hashed_share> hashing(std::string_view what) const;

  /// Grows with every change, for readers that poll.
  std::uint64_t version() const { return version_; }

 private:
  struct view {
    std::uint64_t seq = 0;
    bool known = false;  ///< a snapshot was received
    std::unordered_map<peer_id, live::peer_row> peers;
    std::unordered_map<share_id, live::share_row> shares;
  };
  view& view_of(std::size_t tracker);
  template <class Predicate>
  std::vector<live::share_row> select(Predicate wanted) const;

  std::vector<view> views_;
  std::uint64_t version_ = 0;
};

}  // namespace shoal
