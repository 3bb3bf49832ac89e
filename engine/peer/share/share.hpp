// One share as this peer hosts it: what it is, which pieces are here, who is connected for it.
//
// Complete from the start (added), or with a download that completes it. Owns its sessions and dials the peers it knows
// while it downloads. Owned by peer_node through a shared_ptr; on the network thread only. run() until stop().
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "net/address_watch.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/session.hpp"
#include "peer/share/download.hpp"
#include "policy/peer_book.hpp"
#include "policy/serving.hpp"
#include "store/content_files.hpp"

namespace shoal {

/// For the reason why a download waits.
struct swarm_outlook {
  std::size_t holders = 0;  ///< other peers that hold the share, or part of it
  bool reachable = true;    ///< others can connect to this peer, as far as any tracker knows
};

/// What a share tells its owner. Called on the network thread; the share is not destroyed from within.
class share_observer {
 public:
  virtual ~share_observer() = default;
  /// The metadata of a download became known, or pieces were verified, or it is complete: publish it.
  virtual void on_share_progress(share& which) = 0;
  /// A download ended: complete or failed (see download::phase()).
  virtual void on_download_ended(share& which) = 0;
  /// A shared file changed or vanished: the share must be withdrawn.
  virtual void on_share_lost(share& which, const error& why) = 0;
  /// Somebody at `address` says that a piece that is here is damaged, which may be a lie.
  virtual void on_accused(share& which, piece_index piece, const std::string& address) = 0;
  /// The download lacks sources; of the peers that are said to have it, these could not be connected to.
  virtual void on_unreached(share& which, std::vector<peer_id> peers) = 0;
  /// What the trackers say of who has the share.
  virtual swarm_outlook outlook(const share& which) const = 0;
};

class share {
 public:
  share(peer_context& context, share_observer& observer, const share_id& id);
  ~share();

  /// The content is complete and at files->path().
  void adopt(metainfo_ptr info, std::shared_ptr<content_files> files);
  /// The share is to be fetched. Before run().
  void start_download(download_request request);

  /// Who waits for the end of the download; each says whether it still does.
  std::list<std::function<bool()>> waiting;
  /// The download goes on though nobody waits for it.
  bool in_background = false;
  /// As far as this peer knows.
  publication published{};

  /// Serves, and downloads if asked to, until stop().
  awaitable<void> run();
  void stop(end_reason why);
  /// Its content is gone or damaged: as stop(), and those who are connected are told. False: not all could be.
  bool stop_lost(const error& why);
  bool stopped() const { return stopped_; }

  const share_id& id() const { return id_; }
  /// Null while a download has no metadata.
  const metainfo_ptr& info() const { return info_; }
  const std::shared_ptr<content_files>& files() const { return files_; }
  /// Pieces that are here and verified; empty while the metadata is unknown.
  const bitmap& verified() const { return verified_; }
  std::uint64_t verified_bytes() const { return verified_bytes_; }
  bool complete() const { return complete_; }
  /// The download that fetches or fetched the share in this run of the process; null if it was added.
  class download* downloading() { return download_.get(); }
  const class download* downloading() const { return download_.get(); }
  /// Name from the metadata, or what the download was told.
  std::string name() const;
  std::optional<file_index> file_with_root(const digest& root);

  /// A peer connected to us and greeted for this share; its handshake is answered already.
  void on_incoming(tcp::socket socket, const wire::handshake& theirs);
  /// Addresses to dial while downloading; `peer` and `seeder` as peer_book::on_found.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder);
  void on_left(const peer_id& peer) { book_.on_left(peer); }
  /// The peer wants what is here and cannot connect to us, so we connect to it. The caller bounds how often.
  void on_wanted(const peer_address& where, const peer_id& peer);
  /// `piece`: of which it sent something else than the hash says, if that is what it did.
  void ban(session& liar, std::optional<piece_index> piece = {});
  std::size_t banned_count() const { return book_.banned_count(); }
  /// The peer says that what it got of a piece does not match its hash.
  void on_accused(session& by, piece_index piece);
  /// The peer says that it does not offer the share any more; `why` is the name of an errc.
  void on_withdrawn(session& by, std::string_view why);
  /// Nothing gets through to the peer, which may come back at any moment: it is dialled anew beside the session, again
  /// and again as long as this is called. The new session replaces the old one if the peer prefers it.
  void on_path_lost(session& with);
  /// Ends a session through which nothing comes any more; the peer is dialled again if we download.
  void drop(session& lost, std::string_view why);
  void on_content_lost(const error& why);
  /// An address of this machine is gone: sessions over it end. Or there is a new one: others are dialled over it.
  void on_address(const address_change& change);

  // Who is served when, and while the share is complete, who was given what: so that a crowd gets every piece once
  // before one twice.

  /// The session may say now whether it serves the peer; it does so as soon as there is something to serve.
  void on_session(session& from);
  void on_interested(session& from, bool interested);
  void on_leecher_has(session& from, piece_index piece);
  /// Also when it becomes known at all what the peer holds.
  void on_leecher_holds(session& from);
  /// False: the request is to be rejected, because the peer is choked or another leecher was given the piece.
  [[nodiscard]] bool may_serve(session& to, const byte_range& range);
  /// What a peer is served still after it was choked. It is served.
  std::uint64_t turn_bytes() const { return serving_->turn_bytes(); }
  /// The payload of a request that may_serve() accepted was sent.
  void on_sent(session& to, std::uint32_t bytes);
  /// Those of such requests will not be.
  void on_refused(session& to, std::span<const byte_range> ranges);

  // For the download.
  void on_metadata(metainfo_ptr info);
  /// The same metainfo, with attributes.
  void on_attributes(metainfo_ptr info);
  void on_files(std::shared_ptr<content_files> files, bitmap verified);
  void on_piece_verified(piece_index piece);
  void on_download_complete();
  void on_download_failed();

  std::list<std::unique_ptr<session>>& sessions() { return sessions_; }
  /// Addresses known, sessions included: for the reason why a download waits.
  std::size_t known_peers() const;
  /// Why the last dial failed; empty if none did.
  const std::string& last_dial_error() const { return last_dial_error_; }
  swarm_outlook outlook() const { return observer_.outlook(*this); }

 private:
  // share_dial.cpp

  struct greeted {
    tcp::socket socket;
    wire::handshake theirs;
    duration answered_in;
  };
  awaitable<void> dial_loop();
  /// Connects within `patience` and exchanges handshakes.
  awaitable<result<greeted>> greet(peer_address where, duration patience);
  awaitable<void> dial(peer_address where);
  awaitable<void> dial_wanted(peer_address where, peer_id who);
  /// Says that sources are lacking, if they are. When to look again.
  time_point call_for_sources(time_point now);
  /// The address leads to who has a session already, or shall have none.
  void on_dial_unwanted(const peer_address& where, const peer_id& who);
  awaitable<void> redial(peer_id who, peer_address where, duration patience);
  /// Sessions with peers that hold everything.
  std::size_t seeders() const;
  sessions_held held() const;
  /// One more peer may be dialled.
  bool has_room() const;
  /// False if the new connection must go: banned, a duplicate, or one too many. Those that it replaces are closed.
  /// `caller`: the address that opened it, if it was not we; `let_in`: the other side prefers it to what there was.
  bool admit(const wire::handshake& theirs, const std::optional<asio::ip::address>& caller, bool let_in = false);

  // share.cpp

  /// Everything but the sessions.
  void stop_own();
  /// `caller`: the address that opened the connection, if it was not we.
  awaitable<void> run_session(std::list<std::unique_ptr<session>>::iterator at,
                              std::optional<asio::ip::address> caller);
  awaitable<void> run_download();
  /// Ends the turns of leechers when they are over, until stop().
  awaitable<void> turns_loop();
  /// Does what the serving decided.
  void follow_orders();
  bool wants_peers() const;
  void begin_seeding();
  /// See session for `answered_in`.
  void start_session(tcp::socket socket, const wire::handshake& theirs, std::optional<peer_address> dialled,
                     duration answered_in);

  peer_context& context_;
  share_observer& observer_;
  share_id id_;
  metainfo_ptr info_;
  std::shared_ptr<content_files> files_;
  bitmap verified_;
  std::uint64_t verified_bytes_ = 0;
  bool complete_ = false;
  std::optional<serving> serving_;  ///< once the metadata is known
  std::unordered_map<leecher_id, session*> by_leecher_;
  bool stopped_ = false;
  std::unique_ptr<class download> download_;
  std::optional<std::unordered_map<digest, file_index>> file_roots_;

  peer_book book_;
  std::string last_dial_error_;
  time_point call_at_ = never;
  duration call_pause_{};
  std::list<tcp::socket> dialling_;
  std::list<std::unique_ptr<session>> sessions_;
  event book_changed_;
  event turns_changed_;
  time_point turns_due_ = never;
  event stop_asked_;
  task_group tasks_;
};

}  // namespace shoal
