// A whole peer: everything that runs in one `node peer` process, and what people can ask of it.
//
// Owns the listener, the discovery, the shares and the threads behind them.
// Lives on one io_context (the network thread). open(), then run() until stop(), which is synchronous and goes down the
// tree; run() returns when everything has ended. Nothing here blocks. DESIGN: "Shape" and "Threads".
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "directory/catalogue.hpp"
#include "net/address_watch.hpp"
#include "net/file_watch.hpp"
#include "net/listener.hpp"
#include "net/notifier.hpp"
#include "net/task_group.hpp"
#include "peer/discovery/discovery.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/share.hpp"
#include "policy/damage_checks.hpp"
#include "store/state_directory.hpp"

namespace shoal {

/// Threads for hashing and files; more than any machine has cores is a typing error.
inline constexpr unsigned workers_max = 1024;

struct peer_options {
  std::vector<std::string> trackers;  ///< as parse_host_port() takes them, each tracker once
  std::string listen = ":0";          ///< as parse_listen_endpoint() takes it
  std::string state_directory;        ///< empty: default_state_directory()
  std::string download_directory;     ///< empty: the current directory
  std::string name;                   ///< for other people's lists; empty: the host name
  std::string advertise;              ///< address to publish instead of the observed one; empty: none
  unsigned workers = 0;               ///< threads for hashing and files; 0: one a core
  std::vector<std::string> shares;    ///< paths to add at the start
  bool follow = false;                ///< share their new versions by itself
  /// Takes up the shares and downloads of earlier runs, and lets later runs share what is completed. False for a
  /// process that fetches one thing and ends; its unfinished download is remembered all the same.
  bool remember = true;
  /// The peer needs no directory to write to, and forgets everything when it ends.
  bool stateless = false;
};

/// How a path is shared.
struct share_options {
  bool symlinks = false;       ///< as links instead of leaving them out
  std::optional<bool> follow;  ///< share new versions of it without being asked; nothing: as before
};

/// What `add` did with one path.
struct added_share {
  std::shared_ptr<share> what;
  std::string state;  ///< "new", "unchanged" or "changed"
  std::vector<std::string> notes;
  std::uint32_t files_hashed = 0;
  std::uint32_t files_known = 0;  ///< they were hashed before, and nobody touched them since
};

/// A complete share of our record whose content is not on the disk, or not as it was. It is kept and looked for.
struct missing_share {
  stored_share row;
  metainfo_ptr info;
  error why;
};

/// A download of our record that was cancelled. It is kept until somebody goes on with it or removes it.
struct paused_download {
  stored_download row;
  metainfo_ptr info;  ///< null: not known yet
};

class peer_node final : private share_observer, private discovery_observer {
 public:
  peer_node(asio::io_context& context, peer_options options);
  ~peer_node() override;

  /// Takes the state directory and the port, reads the state. The first error that names what is wrong.
  result<void> open();
  /// Serves until stop().
  awaitable<void> run();
  /// Says goodbye to the trackers and ends everything; run() returns within about a second.
  void stop();

  const peer_id& id() const { return self_; }
  tcp::endpoint local() const { return listener_.local(); }
  /// Where people reach it; "" if it is stateless.
  std::string control_path() const { return state_ ? state_->control_socket() : std::string(); }
  const peer_options& options() const { return options_; }
  /// "" if it is stateless.
  std::string state_path() const { return state_ ? state_->path() : std::string(); }
  duration uptime() const { return clock::now() - begun_; }
  /// Payload sent, bytes per second over the last second or so.
  double upload_rate() const { return upload_rate_; }
  peer_context& context() { return *context_; }
  const peer_context& context() const { return *context_; }
  class discovery& discovery() { return *discovery_; }
  const class discovery& discovery() const { return *discovery_; }
  /// What the swarm has, and what this peer has a record of, be it missing or cancelled.
  catalogue known() const;
  /// The swarm's catalogue and what this peer shares itself, which no tracker may have told yet.
  catalogue catalogue_with_own() const;
  const std::map<share_id, std::shared_ptr<share>>& shares() const { return shares_; }
  /// By path.
  const std::map<std::string, missing_share>& missing() const { return missing_; }
  const std::map<share_id, paused_download>& paused() const { return paused_; }
  /// catalogue::hashing, of the swarm and of this peer.
  std::vector<hashed_share> hashing(const std::string& what) const;
  /// Told when the catalogue changed, a download ended, or nothing of a stopped share runs any more.
  notifier& changes() { return changes_; }

  // What people ask for; engine/control calls these.

  /// Shares `path`. The same path with unchanged files is no new share; changed files make a new one, which takes the
  /// place of the old. `on_progress(done, total)` answers whether to go on.
  awaitable<result<added_share>> add(std::string path, share_options wanted, hashing_mark mark,
                                     std::function<bool(std::uint64_t, std::uint64_t)> on_progress);
  /// Begins a download, or finds the one that runs or the share that is here already, which may be in another
  /// directory.
  awaitable<result<std::shared_ptr<share>>> download(download_request request);
  /// Stops serving a share, or a download that has ended, and closes its files; the record does not change.
  awaitable<void> let_go(std::shared_ptr<share> which);
  /// Ends a download and keeps what it has for the next time. One that writes its last to disk is let finish:
  /// errc::conflict if it is complete then.
  awaitable<result<void>> cancel(share_id id);
  /// Stops sharing or downloading; what is unfinished is deleted, complete files stay. Waits as cancel() does.
  awaitable<result<void>> remove(share_id id);
  /// The one share of this peer that `what` means, a missing one or a cancelled download too: id, exact name, prefix of
  /// an id, a glob that fits only one, or a magnet link. errc::not_found, ambiguous or malformed.
  result<share_id> find_here(const std::string& what) const;
  /// As find_here, among what is being downloaded.
  result<share_id> find_unfinished(const std::string& what) const;
  /// Null unless the content of this share of ours is missing.
  const missing_share* missing(const share_id& id) const;
  awaitable<result<void>> forget_missing(share_id id);
  /// Null unless the share is a download that was cancelled.
  const paused_download* paused(const share_id& id) const;
  /// Deletes what it has on disk, too.
  awaitable<result<void>> forget_paused(share_id id);
  /// So many pieces of a complete share are not what they should be: it is withdrawn.
  awaitable<void> on_damage(std::shared_ptr<share> which, std::size_t pieces);
  /// Returns when every share that was withdrawn is among the missing ones.
  awaitable<void> settle();

 private:
  void on_share_progress(share& which) override;
  void on_download_ended(share& which) override;
  void on_share_lost(share& which, const error& why) override;
  void on_unreached(share& which, std::vector<peer_id> peers) override;
  void on_accused(share& which, piece_index piece, const std::string& address) override;
  swarm_outlook outlook(const share& which) const override;
  void on_swarm(const live::swarm& change) override;
  void on_wanted(const live::wanted& call) override;

  void on_connection(stream connection, std::uint8_t first_byte);
  void on_address(const address_change& change);
  awaitable<void> greet(std::list<stream>::iterator guest);
  result<void> open_state();
  awaitable<void> restore(std::vector<hashing_mark> marks);
  awaitable<void> restore_share(stored_share row);
  /// `mend_inode` as in download_request.
  awaitable<void> restore_download(stored_download row, std::uint64_t mend_inode);
  awaitable<void> add_at_start(std::vector<hashing_mark> marks);

  // peer_node_content.cpp

  static bool is_of(const stored_share& row, const share_id& id);
  /// Looks at the disk, and withdraws a complete share that is gone or changed. Other errors may pass, and withdraw
  /// nothing.
  awaitable<result<std::vector<doubtful_file>>> look_at_disk(std::shared_ptr<share> which);
  awaitable<void> look_for(stored_share row);
  void there_again(const stored_share& row, metainfo_ptr info, std::shared_ptr<content_files> files);
  /// False: it was withdrawn already.
  bool withdraw_lost(share& which, const error& why);
  /// Keeps the record of one whose content is missing.
  void miss(stored_share row, error why);
  /// `why` as people are told it: what is followed needs nobody to add it anew.
  error why_missing(const stored_share& row, error why) const;
  awaitable<void> miss_lost(share_id id, std::string path, error why);

  // peer_node_looks.cpp

  awaitable<void> look_at_content();
  /// Paths that may have changed and are to be looked at now.
  std::vector<std::string> take_changed();
  awaitable<void> look_at_all();
  /// At the share that is or was at this path.
  awaitable<void> look_at(std::string path);
  /// Has changes of the content told.
  void watch_content(const share& which);
  /// The content at `path` was shared as `row` says, and is followed or not.
  void on_shared(const stored_share& row);
  /// Shares a followed path anew if it changed and nothing changes it any more. At the `first` look the time of its
  /// last change tells that; later it has to look the same for a while.
  awaitable<void> follow(std::string path, bool first = false);
  awaitable<void> share_anew(std::string path);

  // peer_node_damage.cpp

  /// Says to the trackers that it is withdrawn, a moment later: those who could not be told why come back and are.
  awaitable<void> withdraw_soon(std::shared_ptr<share> which);
  /// Why the share with this id is not there, if that is so.
  std::optional<errc> refusal(const wire::truncated_id& wanted) const;
  /// Checks the pieces of which others say that they are damaged, until stop().
  awaitable<void> check_accused();
  awaitable<void> check_accused(std::shared_ptr<share> which, piece_index piece);

  // peer_node_doubt.cpp

  /// look_at_disk() before a share is promised: files in doubt are read.
  awaitable<result<void>> is_there(std::shared_ptr<share> which);
  /// The same without waiting for files in doubt to be read.
  awaitable<void> look_again(std::shared_ptr<share> which);
  /// Reads what is in doubt of a missing share, which is there again if it is as it was.
  awaitable<void> readmit(stored_share row, metainfo_ptr info, std::shared_ptr<content_files> files,
                          std::vector<doubtful_file> doubtful);
  /// Reads what is in doubt of a complete share, and withdraws it if it is damaged. An error of check_pieces(): it is
  /// in doubt as before.
  awaitable<result<void>> end_doubt(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful);
  /// The same for nobody who waits.
  awaitable<void> end_doubt_aside(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful);
  /// Reads files that may have changed, and records how they look if they have not. Pieces that are not as they were; 0
  /// too if `wanted` ended it. Errors of check_pieces().
  awaitable<result<std::size_t>> read_doubtful(metainfo_ptr info, std::shared_ptr<content_files> files,
                                               std::vector<doubtful_file> doubtful, std::function<bool()> wanted);
  awaitable<void> record_signatures(share_id id, std::shared_ptr<content_files> files);

  // peer_node_downloads.cpp

  void pause(stored_download row);
  /// Unless nothing of it is kept, or it runs again.
  awaitable<void> list_paused(share_id id);
  /// Returns when the download of the share does not write its last to disk any more.
  awaitable<void> wait_for_finish(std::shared_ptr<share> which);
  /// Deletes the record of a cancelled download and its partial. Blocks.
  result<void> forget_download(const share_id& id);

  awaitable<void> measure();
  awaitable<void> run_share(std::shared_ptr<share> which);
  awaitable<void> find_user_peers(std::shared_ptr<share> which, std::vector<std::string> peers);
  /// Takes over a share whose content is complete, runs and publishes it.
  std::shared_ptr<share> host(metainfo_ptr info, std::shared_ptr<content_files> files, const publication& published);
  void start(const std::shared_ptr<share>& which);
  /// Of content that this peer adds now; `before`: what was added at its path the last time.
  publication publication_of_added(const std::optional<stored_share>& before, bool same_content) const;
  /// Its content is at its path from now on.
  void on_complete(const std::shared_ptr<share>& which);
  /// Stops the share and waits until nothing of it runs any more.
  awaitable<void> retire(std::shared_ptr<share> which, end_reason why);
  /// Waits until no stopped share of this id is still storing: its partial can be taken up again.
  awaitable<void> wait_for_stopped(share_id id);
  /// The complete share whose content is at `path`, or null.
  std::shared_ptr<share> complete_at(const std::string& path) const;
  live::snapshot own_shares() const;
  /// Those, and what is missing or was cancelled.
  live::snapshot recorded() const;
  void publish(const share& which);

  asio::io_context& io_;
  peer_options options_;
  peer_id self_;
  publisher_id publisher_;
  descriptor_budget budget_;
  time_point begun_;
  asio::thread_pool workers_;
  asio::thread_pool background_;
  asio::thread_pool looks_;  ///< so that a disk that does not answer holds up nothing but the looking
  buffer_pool buffers_;
  std::optional<state_directory> state_;
  std::unique_ptr<state_database> database_;
  std::unique_ptr<peer_context> context_;
  listener listener_;
  address_watch addresses_;
  std::unique_ptr<class discovery> discovery_;
  std::map<share_id, std::shared_ptr<share>> shares_;
  std::set<std::shared_ptr<share>> running_;  // run() has not returned; retired ones included
  std::map<std::string, share_id> by_path_;   ///< complete ones; may have ended
  std::map<std::string, share_id> by_name_;   ///< the same
  std::map<std::string, missing_share> missing_;
  std::map<share_id, paused_download> paused_;
  std::set<share_id> changing_;  ///< download() or cancel() of these goes on
  /// A path whose new versions are shared.
  struct followed_path {
    bool symlinks = false;
    std::vector<file_signature> shared;  ///< what was shared last, or could not be
    std::vector<file_signature> seen;    ///< something else, seen at seen_at
    time_point seen_at{};
    bool adding = false;
    std::optional<error> failed = std::nullopt;  ///< why what it holds now could not be shared
  };
  std::map<std::string, followed_path> followed_;
  std::set<std::string> changed_;            ///< paths of shares that may have changed
  std::map<std::string, time_point> rests_;  ///< until when such a path is not looked at again
  std::multiset<share_id> losing_;           ///< withdrawn, and not among the missing ones yet
  std::set<std::string> in_doubt_;           ///< paths of content that read_doubtful() reads
  damage_checks damage_checks_;
  event accused_;
  notifier changes_;
  std::list<stream> greeting_;
  asio::steady_timer measure_timer_;
  asio::steady_timer look_timer_;
  file_watch watch_;
  double upload_rate_ = 0;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
