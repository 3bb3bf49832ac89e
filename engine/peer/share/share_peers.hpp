// The peers that are connected for a share, and those that it dials. Admits connections, owns their sessions, and
// connects anew where a path was lost.
//
// policy/peer_book decides whom to dial. Of two connections with one peer both sides keep the same one. Owned by share;
// on the network thread only. DESIGN: "A crowd".
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address_watch.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "peer/session/session.hpp"
#include "peer/share/turn_keeper.hpp"
#include "peer/sources/session_source.hpp"
#include "policy/caller_bans.hpp"
#include "policy/peer_book.hpp"

namespace shoal {

/// The share, as far as its connections need it.
class share_peers_owner : public session_owner {
 public:
  /// The share downloads, and so dials the peers that it knows.
  virtual bool wants_peers() const = 0;
  /// Time since anything came, while the share downloads.
  virtual duration silence() const = 0;
  /// Sources are lacking. This peer could not connect to these peers, which are said to have the share.
  virtual void on_peers_lacking(std::vector<peer_id> unreached) = 0;

 protected:
  ~share_peers_owner() = default;
};

class share_peers final : public session_judge {
 public:
  /// All of these outlive it.
  share_peers(peer_context& context, share_peers_owner& owner, turn_keeper& turns);
  ~share_peers();

  /// Called before run(). A download hears what the peers offer.
  void set_listener(source_listener& listener) { listener_ = &listener; }
  /// Dials as long as peers are wanted.
  awaitable<void> run();
  /// Takes in no peer any more, and gives up dials that are under way. Sessions go on until they are closed.
  void stop();
  /// Returns when no session and no dial is left. After stop().
  awaitable<void> join() { return tasks_.join(); }
  /// Peers may be wanted now, or may no longer be.
  void look_again() { book_changed_.set(); }

  /// A peer connected to us and greeted for this share. Its handshake is answered already.
  void on_incoming(stream connection, const wire::handshake& theirs);
  /// An address to dial while downloading. `peer` and `seeder` are as for peer_book::on_found.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder);
  void on_left(const peer_id& peer) { book_.on_left(peer); }
  /// The peer wants what is here and cannot connect to us. So we connect to the peer. The caller bounds how often.
  void on_wanted(const peer_address& where, const peer_id& peer);
  /// An address of this machine is gone: sessions over it end. Or there is a new address: peers are dialled over it.
  void on_address(const address_change& change);
  /// Ends the sessions whose key is not accepted any more.
  void on_keys();
  void on_withdrawn(session& by, std::string_view why);
  /// The peer is dialled anew beside the session. The new session replaces the old one if the peer prefers it.
  void on_path_lost(session& with) override;
  void on_path_back(session& with);
  void ban(session& liar, std::optional<piece_index> damaged) override;
  void drop(session& lost, std::string_view why) override;

  /// Calls `what` with each session, which may be closed already.
  void for_each(const std::function<void(session&)>& what);
  /// An open session: its peer, and where the peer can be dialled, if that is known.
  struct contact {
    peer_id peer;
    std::optional<peer_address> where;
  };
  std::vector<contact> contacts() const;
  std::size_t session_count() const { return links_.size(); }
  std::size_t banned_count() const { return book_.banned_count(clock::now()) + bans_.count(clock::now()); }
  /// Addresses known, sessions included. For the reason of a waiting download.
  std::size_t known_count() const;
  /// Why the last dial failed. Empty if none failed.
  const std::string& last_dial_error() const { return last_dial_error_; }
  /// No dial has succeeded since that.
  bool last_dial_failed() const { return last_dial_failed_; }

 private:
  /// A session, and what share_peers must know of it.
  struct link {
    std::unique_ptr<session> with;
    std::unique_ptr<session_source> offers;  ///< null if nothing is fetched
    /// The peer's address in the book. Known from the start if we dialled, otherwise once we do.
    std::optional<peer_address> in_book;
    time_point redial_after{};  ///< the peer is not dialled anew before this
    std::uint64_t number = 0;   ///< of all links of this share
  };
  struct greeted {
    stream connection;
    wire::handshake theirs;
    duration answered_in;
  };
  /// Connects within `patience` and exchanges handshakes. Tells the history of dials, in which this one has begun.
  awaitable<result<greeted>> greet(peer_address where, duration patience);
  awaitable<void> dial(peer_address where);
  awaitable<void> dial_wanted(peer_address where, peer_id who);
  awaitable<void> redial(peer_id who, peer_address where, duration patience);
  /// If the download lacks sources, says so. Returns when to look again.
  time_point call_for_sources(time_point now);
  /// The address leads to a peer that has a session already, or must have none.
  void on_dial_unwanted(const peer_address& where, const peer_id& who);
  /// Sessions with peers that hold everything.
  std::size_t seeders() const;
  sessions_held held() const;
  /// One more peer may be dialled.
  bool has_room() const;
  /// A connection that greeted.
  struct newcomer {
    peer_id id;
    asio::ip::address address;
    bool dialled = false;
    bool in_place = false;  ///< see second_connection
    duration age{};         ///< see second_connection
  };
  /// `begun`: when we began to dial.
  static newcomer dialled(const peer_address& where, const wire::handshake& theirs, time_point begun,
                          bool in_place = false);
  /// A session that called has the peer's id, and has not proven that it is of the peer that we dialled.
  bool is_contested(const newcomer& one) const;
  /// The other side answers the handshake of everybody, and decides then which of two connections stays.
  awaitable<bool> is_let_in(greeted& peer);
  /// False if the new connection must go: banned, a duplicate, or one too many. Closes the sessions that it replaces.
  bool admit(const newcomer& one);
  /// The newcomer's address has several sessions that claim the id. One that proved nothing makes room. False: all did.
  bool make_room_beside(const newcomer& one);
  /// Closes the session if it gives no sign of life.
  awaitable<void> check(std::uint64_t number);
  /// `answered_in`: see session.
  void start_session(stream connection, const wire::handshake& theirs, std::optional<peer_address> dialled,
                     duration answered_in);
  /// `place`: of the session, if the peer opened it.
  awaitable<void> run_session(std::list<link>::iterator at, std::optional<fair_places::place_id> place);
  link& link_of(const session& one);
  static std::optional<peer_address> listens_at(const link& one);
  std::string short_id() const;

  peer_context& context_;
  share_peers_owner& owner_;
  turn_keeper& turns_;
  source_listener* listener_ = nullptr;
  peer_book book_;
  caller_bans bans_;
  log_limit bans_logged_;
  log_limit lost_paths_logged_;
  std::map<peer_id, time_point> crossed_;  ///< when two connections of the id crossed
  std::uint64_t links_begun_ = 0;
  std::list<asio::steady_timer> checks_;
  std::string last_dial_error_;
  bool last_dial_failed_ = false;
  time_point call_at_ = never;
  duration call_pause_{};
  std::list<stream> dialling_;
  std::list<link> links_;
  event book_changed_;
  bool stopped_ = false;
  task_group tasks_;
};

}  // namespace shoal
