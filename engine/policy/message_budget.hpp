// How much work the messages of strangers may make: a budget for each origin, shared out among its sessions.
//
// Each message has a price (policy/message_prices): about the time of the network thread that it takes. Payload that
// was asked for, and what can happen only once, costs nothing. So a session that only transfers never waits. A session
// that has overspent waits, and TCP holds its sender back. All sessions of one origin together cost 2 % of one core,
// beside what the origin has saved. What comes in is shared out among the sessions that spend. An account saves what
// its session does not spend. So neighbours of an attacker have what they need.
//
// Pure: times are arguments, prices are nanoseconds. One book for the whole process; an account for each session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "core/address_group.hpp"
#include "core/time.hpp"

namespace shoal {

/// Nanoseconds of work.
using work_price = std::int64_t;

/// What all sessions of one origin may cost, in nanoseconds a second: 2 % of one core, shared among the accounts and
/// the purse.
inline constexpr work_price accounts_per_second = 14'000'000;
inline constexpr work_price purse_per_second = 6'000'000;
/// What the accounts of one origin have saved together, and what an account can save at most.
inline constexpr work_price saved_max = 100'000'000;
inline constexpr work_price account_max = 20'000'000;
/// A new session gets this from the purse of its origin. If the purse is empty, it gets the least.
inline constexpr work_price account_first = 2'000'000;
inline constexpr work_price account_first_least = 100'000;
inline constexpr work_price purse_max = 100'000'000;
/// What sessions that are gone owe beyond the purse takes half of what comes in for the accounts. So much of it is
/// remembered.
inline constexpr work_price owed_max = 2'000'000'000;
/// A session that has overspent is not woken before it has so much, or what comes in within this time: to wake up costs
/// as much as many small messages.
inline constexpr work_price pause_credit = 500'000;
inline constexpr duration pause_max = std::chrono::milliseconds(400);
/// A session that spends this between two looks, or waits for credit, is active: the accounts' part is divided among
/// those.
inline constexpr work_price active_least = 100'000;
inline constexpr duration look_interval = std::chrono::milliseconds(500);
/// The sessions of one origin that wait for credit are sent more small segments than this between two looks: they flood
/// us. Each segment wakes the thread, though nothing is read. So it stays for the time.
inline constexpr std::int64_t unread_segments_max = 500;
inline constexpr duration flood_kept = std::chrono::minutes(1);
/// While an origin floods, its sessions that wait are looked at after this. So many segments show that one is flooded.
inline constexpr duration flood_look = std::chrono::milliseconds(20);
inline constexpr std::int64_t flood_least = 10;
/// More origins than this are forgotten as soon as they have no session and owe nothing.
inline constexpr std::size_t origins_kept_max = 1024;

class message_budget {
  struct origin;

 public:
  /// What one session may still cost. Its book outlives it.
  class account {
   public:
    account(message_budget& book, const address_group& of, time_point now);
    ~account();
    account(const account&) = delete;
    account& operator=(const account&) = delete;

    /// The session caused work.
    void charge(work_price price) {
      left_ -= price;
      spent_ += price;
      if (spent_ >= active_least) set_active(true);
    }
    /// The session has not overspent, as far as was counted.
    bool has_credit() const { return left_ >= 0; }
    /// Counts what came in since the last call. Returns when the session can pay `price`, `now` if it can. More than
    /// the account can save need not be there. The time is the earliest: look again then.
    time_point next_credit(time_point now, work_price price = 0);
    /// When to look at a session that waits until `when`: sooner if its origin floods its sessions with small segments.
    time_point next_look(time_point when, time_point now) const;
    /// While the session waited, so many small segments came. True: it is flooded, so let the kernel drop them.
    [[nodiscard]] bool on_unread(std::int64_t small_segments, time_point now);
    /// What a session that has overspent must have before it goes on.
    work_price pause_price() const;

   private:
    friend class message_budget;
    void set_active(bool active);
    work_price rate() const;
    work_price most() const;

    message_budget& book_;
    std::map<address_group, origin>::iterator at_;
    work_price left_ = 0;
    work_price spent_ = 0;  ///< since the last look
    bool saves_ = false;    ///< it waits until it can pay for something
    bool active_ = false;   ///< counted in origin::active
    time_point counted_;
    account* next_ = nullptr;
    account* previous_ = nullptr;
  };

  /// Origins that are remembered.
  std::size_t size() const { return origins_.size(); }

 private:
  struct origin {
    account* first = nullptr;
    work_price purse = purse_max;  ///< for new sessions
    work_price fund = saved_max;   ///< for the accounts
    work_price owed = 0;           ///< of sessions that are gone
    time_point counted;
    time_point looked;
    std::int64_t unread_segments = 0;  ///< since the last look
    time_point floods_until;
    std::int64_t active = 0;
    std::size_t accounts = 0;
  };
  static void count(origin& at, time_point now);
  static void look(origin& at, time_point now);
  void forget(time_point now);

  std::map<address_group, origin> origins_;
  time_point forgotten_at_{};
};

}  // namespace shoal
