// One share as this peer hosts it: what it is, which pieces are here, which peers are connected for it.
//
// Complete from the start (added), or with a download that completes it. Its peers() are the connected peers. library
// owns it through a shared_ptr; on the network thread only. run() until stop().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "core/rate_text.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/share_content.hpp"
#include "peer/share/content_readers.hpp"
#include "peer/share/download.hpp"
#include "peer/share/download_owner.hpp"
#include "peer/share/interest.hpp"
#include "peer/share/share_peers.hpp"
#include "peer/share/turn_keeper.hpp"
#include "store/content_files.hpp"

namespace shoal {

class share;

/// What a share tells its owner. Called on the network thread. The owner does not destroy the share from within a call.
class share_observer {
 public:
  virtual ~share_observer() = default;
  /// The metadata of a download became known, pieces were verified, or the download is complete: publish it.
  virtual void on_share_progress(share& which) = 0;
  /// A download ended: it is complete or failed (see download::phase()).
  virtual void on_download_ended(share& which) = 0;
  /// A shared file changed or vanished. The owner must withdraw the share.
  virtual void on_share_lost(share& which, const error& why) = 0;
  /// The peer at `address` says that a piece that is here is damaged. This may be a lie.
  virtual void on_accused(share& which, piece_index piece, const std::string& address) = 0;
  /// The download lacks sources. This peer could not connect to these peers, which are said to have the share.
  virtual void on_unreached(share& which, std::vector<peer_id> peers) = 0;
  /// The download is about to replace the content at `path`. No other share serves it any more when this returns.
  virtual awaitable<void> give_way(share& which, std::string path) = 0;
  /// What this peer has of its other shares.
  virtual awaitable<std::vector<local_content>> content_besides(const share& one) = 0;
  /// What the trackers say of the share's holders.
  virtual swarm_outlook outlook(const share& which) const = 0;
};

class share final : private share_peers_owner, private download_owner {
 public:
  share(peer_context& context, share_observer& observer, const share_id& id);
  ~share();

  /// The content is complete, and is at files->path().
  void adopt(metainfo_ptr info, std::shared_ptr<content_files> files, const publication& published);
  /// The share must be fetched. Called before run().
  void start_download(download_request request);

  /// Who wants the download to go on.
  interest& wanted() { return wanted_; }
  const interest& wanted() const { return wanted_; }
  /// Who published it and when, as far as this peer knows.
  const publication& published() const override { return published_; }
  /// Another peer claims another publication. Only a signature that is known to be right counts.
  void on_claim(const publication& claim);
  /// Who published it was settled by its user.
  void set_published(const publication& published);

  /// Serves, and downloads if start_download() was called, until stop().
  awaitable<void> run();
  void stop(end_reason why);
  /// The content is gone or damaged. Like stop(), and connected peers are told. False: not all could be told.
  bool stop_lost(const error& why);
  bool stopped() const { return stopped_; }
  /// More of it may come.
  bool arrives() const { return !stopped_ && download_ && !download_->ended(); }

  const share_id& id() const override { return id_; }
  rate_limits limits() const { return {up_.rate(), down_.rate()}; }
  /// Where payload that leaves waits for the limits of the share and of the process.
  throttle& up() override { return up_; }
  void set_limits(const rate_limits& limits);
  /// Those of the process have changed.
  void on_limits();
  /// What of it is here.
  const share_content& content() const override { return content_; }
  /// The download that fetches or fetched the share in this run of the process. Null if the share was added.
  class download* downloading() { return download_.get(); }
  const class download* downloading() const { return download_.get(); }
  /// The name from the metadata, or the name that the download was told.
  std::string name() const;
  /// Who reads it while it arrives.
  content_readers& readers() { return readers_; }
  share_peers& peers() { return peers_; }
  const share_peers& peers() const override { return peers_; }

  void on_content_lost(const error& why) override;

 private:
  /// Tells all sessions that a piece is here.
  void announce(piece_index piece);

  // What sessions and share_peers need.
  throttle& down() override { return down_; }
  void on_accused(session& by, piece_index piece) override;
  void on_published(session& by, const publication& claim) override;
  void on_withdrawn(session& by, std::string_view why) override { peers_.on_withdrawn(by, why); }
  void on_path_lost(session& with) override { peers_.on_path_lost(with); }
  void on_path_back(session& with) override { peers_.on_path_back(with); }
  bool wants_peers() const override;
  duration silence() const override { return download_ ? download_->silence() : duration::zero(); }
  void on_peers_lacking(std::vector<peer_id> unreached) override;

  // What the download needs.
  awaitable<std::vector<local_content>> content_besides() override { return observer_.content_besides(*this); }
  awaitable<void> give_way(std::string path) override { return observer_.give_way(*this, std::move(path)); }
  swarm_outlook outlook() const override { return observer_.outlook(*this); }
  void on_metadata(metainfo_ptr info) override;
  void on_attributes(metainfo_ptr info) override;
  void on_files(std::shared_ptr<content_files> files, bitmap verified) override;
  void on_piece_verified(piece_index piece) override;
  void on_doubt(piece_index piece) override;
  void on_download_complete() override;
  void on_download_failed() override;

  /// Stops everything but the sessions.
  void stop_own();
  awaitable<void> run_download();

  peer_context& context_;
  share_observer& observer_;
  share_id id_;
  throttle up_;
  throttle down_;
  share_content content_;
  publication published_{};
  std::vector<publication> claims_;  ///< of peers, unchecked until the metadata says what the share is called
  interest wanted_;
  bool stopped_ = false;
  turn_keeper turns_;
  content_readers readers_;
  std::unique_ptr<class download> download_;
  share_peers peers_;
  event stop_asked_;
  task_group tasks_;
};

}  // namespace shoal
