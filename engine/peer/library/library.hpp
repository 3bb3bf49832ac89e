// All shares of this peer and their record: what it hosts, what is missing, what was cancelled.
//
// Composes the parts, each with one job, and tells them what the shares and the trackers say. Its record, the database,
// never says more than the disk. Owned by peer_node, on its context. run() until stop(). DESIGN: "Invariants".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/address_watch.hpp"
#include "peer/library/accusations.hpp"
#include "peer/library/content_looks.hpp"
#include "peer/library/downloads.hpp"
#include "peer/library/library_index.hpp"
#include "peer/library/read_cache.hpp"
#include "peer/library/recorded_content.hpp"
#include "peer/library/share_limits.hpp"

namespace shoal {

class library final : private share_observer {
 public:
  /// All arguments outlive this. `discovery` tells this what it observes. `looks` has one thread.
  library(peer_context& context, asio::thread_pool& looks, class discovery& discovery, notifier& changes,
          library_settings settings);

  /// Before run(). An error of the database.
  result<void> open();
  /// Takes up the shares of the record, adds those to add at the start, and serves until stop().
  awaitable<void> run();
  void stop();
  void on_address(const address_change& change);
  /// Other keys are accepted now.
  void on_keys();
  /// discovery has a further tracker, which is told everything.
  void on_tracker() { hosted_.on_tracker(); }
  /// See discovery_observer.
  void on_swarm(const tracking::swarm& change);
  void on_wanted(const tracking::wanted& call);
  void on_signed(const tracking::share_row& row);

  const hosted_shares& hosted() const { return hosted_; }
  const missing_shares& missing() const { return missing_; }
  class downloads& downloads() { return downloads_; }
  const class downloads& downloads() const { return downloads_; }
  class read_cache& read_cache() { return read_cache_; }
  const library_index& index() const { return index_; }
  const share_limits& limits() const { return limits_; }
  const known_publishers& publishers() const { return publishers_.known(); }
  /// The shares and downloads of earlier runs are known. `context.changes` tells when that begins.
  bool record_read() const { return record_read_; }

  /// See share_adder::add.
  awaitable<result<added_share>> add(std::string path, share_options wanted, hashing_mark mark,
                                     share_adder::progress on_progress);
  /// Stops sharing or downloading. Deletes what is unfinished; complete files stay. A download that writes its last
  /// bytes to disk is let finish first.
  awaitable<result<void>> remove(share_id id);
  /// Of all shares together; they hold for what is under way.
  rate_limits limits_of_all() const { return {context_.peer.up.rate(), context_.peer.down.rate()}; }
  void limit_all(const rate_limits& limits);
  /// Of one share, within those. As share_limits::set.
  awaitable<result<void>> limit(share_id id, rate_limits limits);
  /// No longer looks for the content of a missing share.
  awaitable<result<void>> forget_missing(share_id id);
  /// The same, only at this path.
  awaitable<result<void>> forget_missing(std::string path);
  /// So many pieces of a complete share are damaged: the share is withdrawn.
  awaitable<void> on_damage(std::shared_ptr<share> which, std::size_t pieces);
  /// Returns when every withdrawn share is among the missing ones.
  awaitable<void> settle() { return losses_.settle(); }

 private:
  void on_share_progress(share& which) override;
  void on_download_ended(share& which) override;
  void on_share_lost(share& which, const error& why) override;
  void on_unreached(share& which, std::vector<peer_id> peers) override;
  void on_accused(share& which, piece_index piece, const std::string& address) override;
  awaitable<void> give_way(share& which, std::string path) override;
  awaitable<std::vector<local_content>> content_besides(const share& one) override;
  swarm_outlook outlook(const share& which) const override;

  /// Takes up what earlier runs shared and downloaded, then adds what the settings name.
  awaitable<void> begin(std::vector<hashing_mark> marks);
  awaitable<void> restore();
  awaitable<void> restore_share(stored_share row);
  awaitable<void> add_at_start(std::vector<hashing_mark> marks);

  library_context context_;
  bool record_read_ = false;
  content_watch watch_;
  missing_shares missing_;
  share_limits limits_;
  publisher_memory publishers_;
  followed_paths followed_;
  hosted_shares hosted_;
  share_losses losses_;
  content_doubt doubt_;
  returning_shares returning_;
  accusations accusations_;
  share_adder adder_;
  class downloads downloads_;
  library_index index_;
  content_looks looks_;
  recorded_content recorded_;
  class read_cache read_cache_;
};

}  // namespace shoal
