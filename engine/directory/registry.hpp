// The tracker's state: who is here, what they share, who watches what; and the batches of changes to tell them.
//
// In memory only: after a restart the peers say everything again.
// - A change is told in the next batch, at most batch_interval later, together with all other changes of that time; in
//   a large swarm at most telling_delay later. A peer that came and went in between is not mentioned.
// - A new watcher gets the complete swarm within answer_interval, but not before its snapshot.
// - Rows of a batch say what is true then, never a difference. So a row that is told twice does no harm.
//
// Pure and single-threaded; owned by tracker_node. tracker_node turns messages of tracker sessions into calls, and
// batches into messages. Messages of sessions that did not join, or were replaced, are ignored. DESIGN: "Between peer
// and tracker".
#pragma once

#include <algorithm>
#include <boost/container/flat_set.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "directory/id_owners.hpp"
#include "directory/share_crowd.hpp"
#include "directory/signature_claims.hpp"
#include "directory/tracking.hpp"

namespace shoal {

class registry {
 public:
  /// Changes of this long go into one batch. People do not notice the delay, and 10,000 sessions can be told in it.
  static constexpr duration batch_interval = std::chrono::milliseconds(50);
  /// Telling everybody takes one part of this many of the time, as long as no change waits longer than telling_delay
  /// for that. So members that change something without an end cost no more.
  static constexpr int telling_part = 100;
  static constexpr duration telling_delay = std::chrono::milliseconds(250);
  /// A watcher of a share waits for its holders before anything else. So it gets them sooner: at once, or together with
  /// all that asked within this time. A talkative one waits for up to telling_delay.
  static constexpr duration answer_interval = std::chrono::milliseconds(5);

  /// Holders of each kind that are told of one `unreached`: those that it names, and those that nobody can connect to.
  /// Of the latter, the next ones each time.
  static constexpr std::size_t callees_max = 8;
  /// Holders that are asked what a share is, in one batch. It takes 2 ms.
  static constexpr std::size_t asked_per_batch_max = 10'000;
  /// Watchers of a share with many holders get choices of these (share_crowd). So many watchers get the same one, since
  /// to encode it costs more than to send it; and so many choices are made before others have their turn.
  static constexpr std::size_t watchers_per_choice = 16;
  static constexpr std::size_t choices_at_once = 32;
  /// A session is told everything once in this time, however often it asks: few bytes would cost a tracker all.
  static constexpr duration resync_interval = std::chrono::seconds(5);
  /// What a talkative peer changes is told so late, unless somebody else's change is told before; earlier in a swarm in
  /// which telling is cheap. To tell everybody costs far more than to hear one.
  static constexpr duration talkative_interval = std::chrono::milliseconds(500);
  /// It waits for so many pauses between two batches.
  static constexpr int talkative_pauses = 5;
  /// Telling everybody never takes more than one part of this many, however long it takes.
  static constexpr int telling_rest = 4;
  /// In a large swarm numbers that changed by less than a hundredth are told together, so often.
  static constexpr duration small_changes_interval = std::chrono::seconds(5);
  /// Signatures are checked in rounds (signature_claims): each changes rows, and all sessions are told.
  static constexpr duration verdicts_interval = std::chrono::milliseconds(200);
  /// What a peer says more often than this is not passed on.
  static constexpr duration unreached_interval = std::chrono::milliseconds(200);

  struct limits {
    /// These take about 40 MB of the tracker's memory.
    std::uint32_t shares_per_peer_max = 100'000;
    /// Each change costs a message to each watcher. A peer watches what it downloads.
    std::uint32_t watches_per_peer_max = 1000;
    /// A whole laboratory may sit behind one address.
    std::uint32_t sessions_per_address_max = 20'000;
    /// More than one process has descriptors for on most machines.
    std::uint32_t peers_max = tracking::peers_max;
    /// In a larger swarm sessions are not told of each peer: peers that hash nothing are counted. When it has become
    /// half as large, all are told again.
    std::uint32_t listed_peers_max = 2000;
    /// From more holders on that others can connect to, watchers of a share are told of some.
    share_crowd::limits crowd{};
    /// What a snapshot may hold, in shares and in bytes, so that every newcomer can take it. One address gets a part.
    std::size_t shares_max = tracking::shares_max;
    std::size_t bytes_max = tracking::catalogue_bytes_max;
    std::size_t bytes_per_address_max = tracking::catalogue_bytes_max / 2;
    /// Offers and watches of all sessions of one address. Each takes some hundred bytes here.
    std::uint32_t offers_per_address_max = 1'000'000;
    std::uint32_t watches_per_address_max = 100'000;
    /// Shares that nobody holds, and that sessions of one address watch. Each takes a kilobyte here.
    std::uint32_t absent_per_address_max = 4000;
    /// Pages of browsers that look on. Each is sent as much as a peer; few people look at once.
    std::uint32_t lookers_max = 1000;
    std::uint32_t lookers_per_address_max = 64;
  };

  template <class Message>
  struct addressed {
    Message message;
    std::vector<tracker_session_id> to;
  };
  /// To be sent in this order.
  struct batch {
    std::optional<addressed<tracking::delta>> delta;
    std::optional<addressed<tracking::snapshot>> snapshot;  ///< to those that joined or asked for a resync
    std::vector<addressed<tracking::swarm>> swarms;         ///< for one session at most one of each share
    std::vector<addressed<tracking::wanted>> wanted;        ///< to holders that are to connect to a watcher
  };

  /// Who wants to join. `row` is what others see. `observed` is the origin that the connection comes from, as
  /// origin_text() of core/address_group. It is what "address" means below.
  struct newcomer {
    tracking::peer_row row;
    std::string observed;
    tracking::join_token token{};
    /// A session that was asked for a sign of life, and gave none.
    std::optional<tracker_session_id> silent{};
  };

  registry() = default;
  explicit registry(const limits& bounds) : limits_(bounds) {}

  /// How the newcomer stands to its peer id; id_owners.
  id_owners::relation relation_of(const newcomer& one, time_point now) const {
    return owners_.relation_of(one.row.peer, one.token, one.observed, now);
  }
  /// The session of a peer that is here.
  std::optional<tracker_session_id> session_of(const peer_id& peer) const;
  /// A peer is here. Returns the session that this one replaces, which the caller ends: each peer id has one session.
  /// errc::conflict: the id is somebody else's. errc::limit: no room. In both cases the session is not joined, and
  /// nothing changes for the others.
  result<std::optional<tracker_session_id>> on_join(tracker_session_id session, newcomer one, time_point now);
  /// The peer says more than most do, or does not any more.
  void on_talkative(tracker_session_id session, bool is_so);
  /// New shares and new offers of known ones. An id determines a share's name and size. If holders differ about these,
  /// the row says what most of them say (registry_claims.cpp). Who published it when is merged from all claims. A
  /// signature counts when it is checked, in a later batch, and then the row says what its claim says. errc::limit: the
  /// rest of the message is not taken, and the session goes on.
  result<void> on_publish(tracker_session_id session, const tracking::publish& message, time_point now);
  void on_withdraw(tracker_session_id session, const tracking::withdraw& message, time_point now);
  /// Ignored for a share that the session did not publish.
  void on_progress(tracker_session_id session, const tracking::progress& message, time_point now);
  /// What the peer hashes now. It is part of the peer's row from then on. errc::limit: the row stays as it was.
  result<void> on_hashing(tracker_session_id session, const tracking::hashing& message, time_point now);
  /// Asks for the complete swarm within answer_interval, and for changes from then on. errc::limit: not watched.
  result<void> on_watch(tracker_session_id session, const tracking::watch& message, time_point now);
  void on_unwatch(tracker_session_id session, const tracking::unwatch& message);
  /// Tells holders of the share that the peer wants them to connect to it. Ignored if the peer does not watch the
  /// share, or if nobody can connect to the peer.
  void on_unreached(tracker_session_id session, const tracking::unreached& message, time_point now);
  /// Others can connect to the peer, or cannot, other than was said when it joined.
  void on_reachable(tracker_session_id session, bool reachable, time_point now);
  /// Gets a snapshot, at most each resync_interval, and no deltas before.
  void on_resync(tracker_session_id session, time_point now);
  /// The session is over, for whatever reason.
  void on_leave(tracker_session_id session, time_point now);

  // registry_lookers.cpp

  /// A session looks on from this address (newcomer::observed): it gets what a peer gets, and may watch and ask for a
  /// resync. It is no peer, and what else it says is ignored. If there are too many, one of the address that has most
  /// of them gives way, if that has more than this one. Returns that session, which the caller ends. errc::limit: no
  /// room.
  result<std::optional<tracker_session_id>> on_look(tracker_session_id session, const std::string& observed,
                                                    time_point now);
  std::size_t looker_count() const { return lookers_.size(); }

  /// Everything that changed since the last batch, or only what new watchers wait for. Empty before next_deadline().
  batch next_batch(time_point now);
  /// It took so long to tell everybody the last batch.
  void on_told(duration telling) {
    batch_pause_ =
        std::max<duration>(std::min<duration>(telling_part * telling, telling_delay), telling_rest * telling);
  }
  /// When there is something to tell; `never` if there is nothing. A past time means now.
  time_point next_deadline() const;

  /// Everything that is true now, as of the last batch's `seq`.
  tracking::snapshot snapshot() const;
  /// Rows of peers, whether sessions are told of them or not.
  tracking::peers_page page(const tracking::list_peers& wanted) const;
  std::uint64_t seq() const { return seq_; }
  std::size_t peer_count() const { return session_of_.size(); }
  /// Shares that somebody holds.
  std::size_t share_count() const { return shares_held_; }
  /// Peers that hold something of the share.
  std::size_t holders_of(const share_id& id) const;
  /// Of those, so many are told to a watcher at most.
  std::size_t told_of(const share_id& id) const { return std::min(holders_of(id), limits_.crowd.told_max); }
  void check_invariants() const;

 private:
  /// What the sessions of one address hold of this tracker.
  struct address_state {
    std::uint32_t sessions = 0;
    std::uint32_t lookers = 0;  ///< of those
    std::uint32_t offers = 0;
    std::uint32_t watches = 0;
    std::uint32_t absent = 0;  ///< shares without holders that are charged to it
    std::size_t bytes = 0;     ///< of rows that are charged to it
  };
  using addresses = std::unordered_map<std::string, address_state>;
  struct session_state {
    tracking::peer_row row;           ///< of a peer
    bool looks = false;               ///< it is no peer
    addresses::pointer at = nullptr;  ///< the address that it comes from
    std::size_t charged = 0;          ///< bytes of its row
    std::unordered_set<share_id> shares;
    std::unordered_set<share_id> watches;
    bool talkative = false;
    bool synced = false;  ///< has a snapshot, so it gets deltas
    time_point resync_after = time_point::min();
    bool resync_waits = false;
    time_point unreached_at = time_point::min();  ///< when it last said `unreached`
  };
  /// What a holder says of a share, where that is not what the row says.
  struct claim {
    std::string name;
    std::uint64_t bytes = 0;
    std::uint32_t files = 0;
    friend auto operator<=>(const claim&, const claim&) = default;
  };
  using claims = std::map<claim, std::uint32_t>;  ///< and how many holders say it
  struct holder {
    std::uint64_t have = 0;          ///< verified bytes
    const claim* differs = nullptr;  ///< null: it says what the row says
  };
  struct share_state {
    tracking::share_row row;                       ///< without holders: all counts 0
    address_state* payer = nullptr;                ///< the address of a holder; null without holders
    address_state* asker = nullptr;                ///< the address of a watcher, if there are no holders
    std::size_t charged = 0;                       ///< bytes of the row
    std::map<tracker_session_id, holder> holders;  ///< most shares have few
    claims others;                                 ///< what other holders say than the row
    std::set<tracker_session_id> hidden;           ///< holders that are not handed out
    tracker_session_id called_last{};              ///< the hidden holder that was called last
    // Small while it is empty, as of most shares.
    boost::container::flat_set<tracker_session_id> watchers;
    std::unordered_set<tracker_session_id> watchers_new;  ///< those that wait for the complete swarm
    std::unordered_set<peer_id> touched;                  ///< holders that came or went since the last batch
    std::unique_ptr<share_crowd> crowd;                   ///< of a share with many holders; then nobody is touched
    bool announced = false;                               ///< others know it
    bool published_anew = false;                          ///< since others know it
    tracking::holders_row told;                           ///< the numbers that others know
  };

  /// The state of a peer; null for sessions that look, or did not join.
  session_state* find_peer(tracker_session_id session);
  /// The session that gives its place to one more looker of this address; nothing if none has to. errc::limit.
  result<std::optional<tracker_session_id>> make_room_to_look(const std::string& observed) const;
  /// How long what a talkative session says waits, if it waits at most so long.
  duration talkative_delay(duration most) const { return std::min<duration>(most, talkative_pauses * batch_pause_); }
  /// There is something to tell from then on.
  void mark_changed(time_point when);
  /// The session said something that is to be told.
  void mark_changed(const session_state& by, time_point now);
  /// Whether the catalogue and the part of the address have room for `bytes` more. Else the reason, which begins with
  /// `what`.
  result<void> check_room(const std::string& what, const std::string& address, std::size_t bytes) const;
  result<void> check_watch(const session_state& state, const share_id& id) const;
  result<void> check_offer(const session_state& state, const tracking::share_offer& offer) const;
  /// `payer` pays for the row as it is now. Null: nobody pays for it.
  void charge(share_state& share, address_state* payer);
  void charge(session_state& state);
  /// Holders or watchers came or went: a share that is watched and not here is charged to the address of a watcher.
  void charge_absent(share_state& share);
  void release(session_state& state);
  /// Whether watchers are told of this holder: only if it can be connected to.
  static bool handed_out(const session_state& state) { return state.row.reachable && state.row.port != 0; }
  // registry_signatures.cpp

  /// Another claim of who published the share, by somebody who says this of it.
  void on_publication(share_state& share, const claim& said, const publication& published);
  /// The session's claim of a signature is checked in a later batch, unless its verdict is known.
  void have_checked(tracker_session_id session, const tracking::share_offer& offer, time_point now);
  /// Takes the signatures that are due to be checked.
  void take_verdicts(time_point now);

  // registry.cpp

  void set_holder(tracker_session_id session, session_state& state, const tracking::share_offer& offer);
  void drop_holder(tracker_session_id session, session_state& state, const share_id& id);
  /// Adds to `to` the hidden holders that shall connect to `caller`.
  void call_hidden(share_state& share, tracker_session_id caller, std::vector<tracker_session_id>& to) const;
  /// Holders that say another size than the row count for nothing.
  static void count(share_state& share, const holder& one, bool add);
  static std::uint64_t bytes_of(const share_state& share, const holder& one) {
    return one.differs == nullptr ? share.row.bytes : one.differs->bytes;
  }
  static void set_claim(share_state& share, holder& one, const tracking::share_offer& offer);
  static void drop_claim(share_state& share, const holder& one);
  static void describe(share_state& share, const claim& as);
  /// The addresses of those who say one thing of a share, and hold something, or everything, or can be connected to.
  struct support {
    std::set<std::string_view> something, everything, reachable;
    auto rank() const { return std::tuple(something.size(), everything.size(), reachable.size()); }
  };
  /// By what they say; null: what the row says.
  std::map<const claim*, support> supports(const share_state& share) const;
  /// More and better holders say this than what the row says.
  bool outranks_row(const share_state& share, const claim& said) const;
  /// The row says `chosen` from now on. False: there is no room for a longer name.
  bool adopt(share_state& share, const claim& chosen);
  /// Of the shares whose holders differ, so many as one batch has time for.
  void decide_contested();
  /// Lets the row say what most holders say. The counts are those of the row then. True: it says something else now.
  bool decide(share_state& share);
  static void recount(share_state& share);
  bool drop_session(tracker_session_id session, time_point now);
  void drop_peer(tracker_session_id session, session_state& state, time_point now);
  tracking::delta take_delta(time_point now);
  /// Lists all peers from now on, or counts most of them.
  void choose_listed();
  /// Sessions are told of this peer.
  bool is_listed(const session_state& state) const { return lists_all_ || !state.row.hashing.empty(); }
  /// Peers without a row at the sessions, after a delta was taken.
  std::uint32_t unlisted() const { return static_cast<std::uint32_t>(peer_count() - peers_announced_.size()); }
  /// The numbers of the share are to be told now, and not with other small changes.
  bool is_news(const share_state& share) const;
  time_point batch_due() const;
  time_point answer_due() const;
  void answer_watchers(time_point now, bool newcomers_too, batch& into);
  /// Tells these watchers of all holders, or of a choice. False: some have to wait for their turn.
  bool answer(share_state& share, std::vector<tracker_session_id> watchers, std::size_t& choices, batch& into);
  void take_swarm_change(const share_id& id, share_state& share, batch& into);

  // registry_crowds.cpp

  void take_crowd_news(share_state& share, batch& into);
  /// Others can connect to this holder of the share from now on, or not any more. To be called when it is so.
  void on_handed_out(share_state& share, tracker_session_id session, const peer_id& peer);
  void on_not_handed_out(share_state& share, tracker_session_id session, const peer_id& peer);
  /// What a holder has changed.
  void on_have(share_state& share, tracker_session_id session, const holder& one);
  /// Begins or ends to tell watchers of a part of the holders.
  void choose_crowd(share_state& share);
  static tracking::endpoint_row endpoint_of(const session_state& state, const share_state& share, const holder& one);

  limits limits_;
  id_owners owners_;
  std::unordered_map<tracker_session_id, session_state> sessions_;
  std::map<peer_id, tracker_session_id> session_of_;  ///< in the order of pages
  std::set<tracker_session_id> lookers_;              ///< the first came first
  addresses addresses_;
  std::unordered_map<share_id, share_state> shares_;
  std::size_t shares_held_ = 0;  ///< those with holders
  std::size_t bytes_ = 0;        ///< of all rows
  signature_claims claims_;

  std::uint64_t seq_ = 0;
  std::uint64_t crowds_made_ = 0;
  time_point changed_at_ = never;  ///< from when on there is something to tell
  time_point batch_at_ = time_point::min();
  duration batch_pause_{};                      ///< from batch_at_ on
  time_point verdicts_at_ = time_point::min();  ///< of the next round
  time_point watched_at_ = never;               ///< from when on watchers are told a complete swarm
  time_point answered_at_ = time_point::min();
  bool lists_all_ = true;
  std::uint32_t unlisted_told_ = 0;
  std::unordered_set<peer_id> peers_changed_;
  std::unordered_set<peer_id> peers_announced_;  ///< those that have rows at all sessions
  std::unordered_set<share_id> shares_changed_;
  std::unordered_set<share_id> small_changes_;       ///< shares whose numbers changed little; not in shares_changed_
  time_point small_changes_at_ = time_point::min();  ///< when they were told last
  std::unordered_set<share_id> contested_;           ///< shares whose row may have to say something else
  std::unordered_set<share_id> swarms_changed_;
  std::unordered_set<share_id> swarms_asked_;  ///< shares with new watchers
  std::unordered_set<tracker_session_id> newcomers_;
  std::set<std::pair<time_point, tracker_session_id>> resyncs_;  ///< snapshots that are not due yet
  std::vector<addressed<tracking::wanted>> wanted_;
};

}  // namespace shoal
