// The live catalogue: what the swarm has and who is here, from the snapshots and deltas of one or several trackers.
//
// A pure data structure, owned by the peer node. Each tracker client writes it under its own index. The node and its
// control socket read it, all on one thread.
//
// A peer is listed once, however many trackers know it. For a share the higher counts win, since trackers that know the
// same swarm count the same holders. What a tracker said stays until its next snapshot replaces it. So a tracker that
// is away does not empty the list. Meanwhile what the others say of the same peers and shares counts alone. Its owner
// has the signatures of the rows checked, which takes too long to be done here; until then they count nothing. DESIGN:
// "Between peer and tracker".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "directory/tracking.hpp"

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
  /// Shortest prefix of an id that find() takes. With 32 bits, accidental matches with names are rare.
  static constexpr std::size_t prefix_digits_min = 8;
  /// Candidates that the text of errc::ambiguous lists. The others are counted.
  static constexpr std::size_t candidates_listed_max = 5;

  /// The rows of this peer itself, which knows what its shares are: what a tracker says of them counts only in numbers.
  void on_own(tracking::snapshot own);
  /// Replaces everything that this tracker said before. Trackers are numbered from 0.
  void on_snapshot(std::size_t tracker, tracking::snapshot snapshot);
  /// False if the delta does not follow what is known of this tracker, or leads beyond what one tracker may list. Then
  /// nothing changes, and the caller asks the tracker for a resync.
  [[nodiscard]] bool on_delta(std::size_t tracker, const tracking::delta& delta);

  /// The session with this tracker has ended. It is back with its next snapshot.
  void on_away(std::size_t tracker);

  /// Up to so many rows whose signatures nobody has checked. Each is given out once.
  std::vector<tracking::share_row> next_unchecked(std::size_t count_max);
  /// Rows whose signatures wait to be given out.
  std::size_t unchecked_count() const { return unchecked_.size(); }
  /// What next_unchecked() gave out, with the standing of its signature.
  void on_checked(const tracking::share_row& row);

  /// All shares, sorted by name, then by id.
  std::vector<tracking::share_row> shares() const;
  /// All peers, sorted by name, then by id. The rows are there until the next change.
  std::vector<const tracking::peer_row*> peers() const;
  std::size_t share_count() const { return counted().shares; }
  /// Those that have a row, and those that the trackers only count.
  std::size_t peer_count() const { return counted().peers; }
  /// This tracker only counts some peers.
  bool has_unlisted(std::size_t tracker) const;
  /// Shares to come, of all peers.
  std::size_t hashing_count() const { return counted().hashing; }
  /// Peers that this tracker lists or counts.
  std::size_t peer_count(std::size_t tracker) const;
  /// Null if no tracker lists the peer; in a large swarm most are only counted.
  const tracking::peer_row* peer(const peer_id& id) const;
  std::optional<tracking::share_row> share(const share_id& id) const;
  /// Whether this tracker lists the share.
  bool lists(std::size_t tracker, const share_id& id) const;
  bool lists(std::size_t tracker, const peer_id& id) const;

  /// The shares that people mean by `what`, in this order:
  /// 1. an id of 64 hexadecimal digits;
  /// 2. an exact name;
  /// 3. a prefix of an id, of prefix_digits_min or more digits;
  /// 4. a glob as in fnmatch(3), where `*` and `?` match `/` as well.
  ///
  /// A glob gives all shares that match, sorted by name. The others give one share. If one publisher has several shares
  /// of one name, a name or a glob means the newest, and an id names any. errc::not_found if there is none.
  /// errc::ambiguous with the candidates if a name or a prefix means several.
  result<std::vector<tracking::share_row>> find(std::string_view what) const;
  /// A listed share with this name is a newer version than `one`, by the same publisher.
  bool has_newer(std::string_view name, const publication& one) const;
  /// The shares with exactly this name, sorted by id.
  std::vector<tracking::share_row> named(std::string_view name) const;
  /// The shares with exactly this name, else those whose name matches, sorted by name. For listings: none is no error.
  std::vector<tracking::share_row> matching(std::string_view glob) const;
  /// The rows that no other row supersedes. `rows` are sorted by name.
  static std::vector<tracking::share_row> newest(std::vector<tracking::share_row> rows);

  /// Shares that some peer still hashes and whose name nobody lists yet. Their name is `what`, or matches it as a glob.
  /// Sorted by name, then by peer.
  std::vector<hashed_share> hashing(std::string_view what) const;
  /// Takes out those whose name somebody lists.
  void drop_listed(std::vector<hashed_share>& from) const;

  /// Grows with every change, for readers that poll.
  std::uint64_t version() const { return version_; }

 private:
  struct view {
    std::uint64_t seq = 0;
    bool known = false;  ///< a snapshot was received
    bool away = false;   ///< what it says is old
    std::size_t unlisted = 0;
    std::size_t bytes = 0;  ///< of the peers' rows, which may name much that is hashed
    std::unordered_map<peer_id, tracking::peer_row> peers;
    std::unordered_map<share_id, tracking::share_row> shares;
  };
  /// Each once, however many trackers list it. Strangers ask for it, so it is counted once after a change.
  struct counts {
    std::size_t shares = 0;
    std::size_t peers = 0;
    std::size_t hashing = 0;
    std::uint64_t of_version = 0;
  };
  const counts& counted() const;
  view& view_of(std::size_t tracker);
  static void put(view& into, tracking::peer_row row);
  static void drop(view& from, const peer_id& id);
  /// A tracker says that these are gone: those that are away cannot know better.
  void drop_old(const tracking::delta& gone);
  /// Adds the row. Its signature is not checked again if that was done: for `before`, which may be null, or elsewhere.
  void put(view& view, tracking::share_row row, const tracking::share_row* before);
  template <class Predicate>
  std::vector<tracking::share_row> select(Predicate wanted) const;

  /// Whether a row of `key` that is wanted stands in a view that goes before the one at `place`: this peer's, or an
  /// earlier one.
  template <class Predicate>
  bool told_before(const share_id& key, std::size_t place, Predicate wanted) const;

  std::vector<view> views_;
  std::optional<std::size_t> own_;  ///< the view of this peer
  std::unordered_set<share_id> unchecked_;
  std::uint64_t version_ = 0;
  mutable counts counts_;
};

}  // namespace shoal
