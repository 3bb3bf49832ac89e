// How a peer finds others and is found: its trackers, and what they say of the swarm.
//
// Owns the clients of all trackers, the catalogue that they fill, and the list of what this peer hashes. It repeats to
// each tracker what is offered and watched. So its owner says everything once. It knows no share, only ids and rows.
// Owned by peer_node; only the context of peer_node touches it. run() until stop(). DESIGN: "Between peer and tracker".
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "content/checked_signatures.hpp"
#include "directory/catalogue.hpp"
#include "directory/hashing_list.hpp"
#include "directory/listening_rate.hpp"
#include "directory/tracking.hpp"
#include "net/address_watch.hpp"
#include "net/endpoint.hpp"
#include "net/event.hpp"
#include "net/notifier.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "peer/discovery/hashing_mark.hpp"
#include "peer/discovery/tracker_client.hpp"
#include "policy/wanted_dials.hpp"

namespace shoal {

/// Hears which peers a share has. Called on the context of the discovery. It may not destroy the discovery.
class discovery_observer {
 public:
  /// Holders of a watched share came or left; this peer itself is not among them.
  virtual void on_swarm(const tracking::swarm& change) = 0;
  /// A peer wants an offered share, cannot connect to this peer, and may be dialled now.
  virtual void on_wanted(const tracking::wanted& call) = 0;
  /// A tracker lists this share, and its signature is right.
  virtual void on_signed(const tracking::share_row& row) = 0;
  /// A tracker that the user named told which further ones the swarm has. `some_new`: some of these are asked from now
  /// on; the owner offers and watches everything anew.
  virtual void on_told_trackers(const host_port& told_by, const std::vector<host_port>& all, bool some_new) = 0;

 protected:
  ~discovery_observer() = default;
};

class discovery final : private tracker_observer {
 public:
  /// Sessions with so many trackers at most.
  static constexpr std::size_t trackers_max = 16;

  /// `self`: what the trackers are told of this peer. `told`: trackers of which these told in an earlier run. `changes`
  /// is notified when the catalogue or the list of what is hashed changed. Signatures are checked in `background`,
  /// unless `verdicts` knows them. All of these outlive this.
  discovery(asio::any_io_executor executor, const swarm_keys& keys, asio::thread_pool& background,
            checked_signatures& verdicts, tracking::join self, const std::vector<host_port>& trackers,
            const std::vector<host_port>& told, discovery_observer& observer, notifier& changes);

  awaitable<void> run();
  /// Joins a further tracker. While run() runs; the owner offers and watches everything anew.
  void add_tracker(const host_port& where);
  /// Says goodbye to the trackers; run() returns within tracker_client::leave_timeout.
  void stop();
  void on_address(const address_change& change);
  /// Other keys are accepted now.
  void on_keys();

  /// Offers the share to the swarm, or describes it anew.
  void offer(const tracking::share_offer& share);
  bool offers(const share_id& id) const { return offered_.contains(id); }
  /// `have` bytes of an offered share are here now.
  void progress(const share_id& id, std::uint64_t have);
  /// The share is no longer offered or watched.
  void withdraw(const share_id& id);
  /// on_swarm() is told of the holders until unwatch() or withdraw().
  void watch(const share_id& id);
  void unwatch(const share_id& id);
  /// A download lacks sources; see announcements::on_unreached.
  void unreached(const share_id& id, const std::vector<peer_id>& peers);

  /// No signature of the catalogue waits to be checked. `changes` tells when that begins.
  bool signatures_checked() const { return !checking_ && swarm_.unchecked_count() == 0; }

  /// What all trackers say.
  const catalogue& swarm() const { return swarm_; }
  /// The same, plus the rows of this peer. A tracker may not have told these yet.
  catalogue swarm_with(tracking::snapshot own) const;
  /// All peers, also those that trackers only count: asks these trackers for them. Of a tracker that does not answer
  /// there are those that it listed. Sorted by name, then by id.
  awaitable<std::vector<tracking::peer_row>> all_peers();
  /// Trackers only count some peers of the swarm.
  bool has_unlisted_peers() const;
  /// A snapshot came from some tracker, or there is no tracker. The catalogue can be asked.
  bool ready() const;
  /// How many other peers hold the share, or part of it, as far as any tracker knows.
  std::size_t other_holders(const share_id& id) const;
  /// Others can connect to this peer, as far as any tracker knows.
  bool reachable() const;
  const std::vector<std::unique_ptr<tracker_client>>& trackers() const { return trackers_; }
  /// The user did not name this tracker: another one told of it.
  bool is_told(std::size_t tracker) const { return told_.contains(tracker); }

  /// The content at `path` will be hashed in a moment. Others that ask for its name wait until the mark is gone.
  hashing_mark announce_add(const std::string& path);
  /// What this peer hashes to share it.
  const hashing_list& hashing() const { return hashing_; }
  /// Like catalogue::hashing, for the swarm and this peer. `own`: the shares of this peer that are hashed already.
  std::vector<hashed_share> hashing(const std::string& what, tracking::snapshot own) const;

 private:
  void on_connected(std::size_t tracker, const tracking::welcome& welcome) override;
  void on_rows(std::size_t tracker) override;
  void on_swarm(std::size_t tracker, const tracking::swarm& change) override;
  void on_wanted(std::size_t tracker, const tracking::wanted& call) override;
  void on_disconnected(std::size_t tracker, const std::string& reason) override;
  /// Tells the trackers what this peer hashes, until stop().
  awaitable<void> tell_hashing();
  /// Has the signatures of the catalogue checked, no faster than their budget lets it, until stop().
  awaitable<void> check_signatures();
  /// Has these checked. Returns with their verdicts.
  awaitable<std::vector<tracking::share_row>> checked_rows(std::vector<tracking::share_row> rows);
  void on_verdict(const tracking::share_row& row);

  struct offered_share {
    std::string name;
    std::uint64_t bytes = 0;
  };

  void make_client(const host_port& where);
  /// False if it is known, or if there are too many.
  bool make_told_client(const host_port& where);

  asio::any_io_executor executor_;
  const swarm_keys& keys_;
  asio::thread_pool& background_;
  checked_signatures& verdicts_;
  tracking::join self_;
  discovery_observer& observer_;
  notifier& changes_;
  catalogue swarm_;
  hashing_list hashing_;
  event hashing_changed_;
  event rows_changed_;
  bool checking_ = false;  ///< some signatures are in the background
  listening_rate signature_budget_;
  std::vector<std::unique_ptr<tracker_client>> trackers_;
  std::set<std::size_t> told_;
  std::map<share_id, offered_share> offered_;
  wanted_dials wanted_dials_;
  task_group tasks_;
  log_limit hidden_logged_;
  bool catalogue_seen_ = false;
  bool stopped_ = false;
};

}  // namespace shoal
