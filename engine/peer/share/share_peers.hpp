// Who is connected for a share and whom it dials: admits connections, owns their sessions, and connects anew where a
// path was lost.
//
// What to dial is decided by policy/peer_book. Of two connections with one peer it keeps one, the same as the other
// side. Owned by share; on the network thread only. DESIGN: "A crowd".
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address_watch.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "peer/session/session.hpp"
#include "peer/share/turn_keeper.hpp"
#include "peer/sources/session_source.hpp"
#include "policy/peer_book.hpp"

namespace shoal {

/// The share, as far as it matters for who is connected.
class share_peers_owner : public session_owner {
 public:
  /// It downloads, and so dials the peers that it knows.
  virtual bool wants_peers() const = 0;
  /// Others can get something here.
  virtual bool has_something() const = 0;
  /// Nothing has come for so long, while it downloads.
  virtual duration silence() const = 0;
  /// Sources are lacking; of the peers that are said to have it, these could not be connected to.
  virtual void on_peers_lacking(std::vector<peer_id> unreached) = 0;

 protected:
  ~share_peers_owner() = default;
};

class share_peers final : public session_judge {
 public:
  /// All outlive it.
  share_peers(peer_context& context, share_peers_owner& owner, turn_keeper& turns);
  ~share_peers();

  /// Before run(): what the peers offer is heard by a download.
  void set_listener(source_listener& listener) { listener_ = &listener; }
  /// Dials as long as peers are wanted.
  awaitable<void> run();
  /// Takes nobody in any more, and gives up what is being dialled. Sessions go on until they are closed.
  void stop();
  /// Returns when no session and no dial is left. After stop().
  awaitable<void> join() { return tasks_.join(); }
  /// Whether peers are wanted may have changed.
  void look_again() { book_changed_.set(); }

  /// A peer connected to us and greeted for this share; its handshake is answered already.
  void on_incoming(stream connection, const wire::handshake& theirs);
  /// Addresses to dial while downloading; `peer` and `seeder` as peer_book::on_found.
  void on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder);
  void on_left(const peer_id& peer) { book_.on_left(peer); }
  /// The peer wants what is here and cannot connect to us, so we connect to it. The caller bounds how often.
  void on_wanted(const peer_address& where, const peer_id& peer);
  /// An address of this machine is gone: sessions over it end. Or there is a new one: others are dialled over it.
  void on_address(const address_change& change);
  void on_withdrawn(session& by, std::string_view why);
  /// It is dialled anew beside the session, which the new one replaces if the peer prefers it.
  void on_path_lost(session& with) override;
  void on_path_back(session& with);
  void ban(session& liar, std::optional<piece_index> damaged) override;
  void drop(session& lost, std::string_view why) override;

  /// Calls `what` with each session, which may be closed already.
  void for_each(const std::function<void(session&)>& what);
  /// Of those that are open: who it is, and where it can be dialled as far as it is known.
  struct contact {
    peer_id peer;
    std::optional<peer_address> where;
  };
  std::vector<contact> contacts() const;
  std::size_t session_count() const { return links_.size(); }
  std::size_t banned_count() const { return book_.banned_count(); }
  /// Addresses known, sessions included: for the reason why a download waits.
  std::size_t known_count() const;
  /// Why the last dial failed; empty if none did.
  const std::string& last_dial_error() const { return last_dial_error_; }

 private:
  /// A session, and what is to be known of it here.
  struct link {
    std::unique_ptr<session> with;
    std::unique_ptr<session_source> offers;  ///< null if nothing is fetched
    /// Where the book has the peer. Known from the start where we dialled, and else once we do.
    std::optional<peer_address> in_book;
    time_point redial_after{};  ///< not dialled anew before this
  };
  struct greeted {
    stream connection;
    wire::handshake theirs;
    duration answered_in;
  };
  /// Connects within `patience` and exchanges handshakes.
  awaitable<result<greeted>> greet(peer_address where, duration patience);
  awaitable<void> dial(peer_address where);
  awaitable<void> dial_wanted(peer_address where, peer_id who);
  awaitable<void> redial(peer_id who, peer_address where, duration patience);
  /// Says that sources are lacking, if they are. When to look again.
  time_point call_for_sources(time_point now);
  /// The address leads to who has a session already, or shall have none.
  void on_dial_unwanted(const peer_address& where, const peer_id& who);
  /// Sessions with peers that hold everything.
  std::size_t seeders() const;
  sessions_held held() const;
  /// One more peer may be dialled.
  bool has_room() const;
  /// False if the new connection must go: banned, a duplicate, or one too many. Those that it replaces are closed.
  /// `caller`: the address that opened it, if it was not we; `let_in`: the other side prefers it to what there was.
  bool admit(const wire::handshake& theirs, const std::optional<asio::ip::address>& caller, bool let_in = false);
  /// See session for `answered_in`.
  void start_session(stream connection, const wire::handshake& theirs, std::optional<peer_address> dialled,
                     duration answered_in);
  /// `caller`: the address that opened the connection, if it was not we.
  awaitable<void> run_session(std::list<link>::iterator at, std::optional<asio::ip::address> caller);
  link& link_of(const session& one);
  static std::optional<peer_address> listens_at(const link& one);
  std::string short_id() const;

  peer_context& context_;
  share_peers_owner& owner_;
  turn_keeper& turns_;
  source_listener* listener_ = nullptr;
  peer_book book_;
  std::string last_dial_error_;
  time_point call_at_ = never;
  duration call_pause_{};
  std::list<stream> dialling_;
  std::list<link> links_;
  event book_changed_;
  bool stopped_ = false;
  task_group tasks_;
};

}  // namespace shoal
