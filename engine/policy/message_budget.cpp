#include "policy/message_budget.hpp"

#include <algorithm>
#include <iterator>

namespace shoal {

namespace {

// To wake a session more often costs more than it is good for.
constexpr duration wait_min = std::chrono::milliseconds(20);
// What is waited for is there at the first look.
constexpr work_price rounding = 500;
constexpr duration forget_interval = std::chrono::minutes(1);

// What comes in at a rate.
work_price earned(work_price per_second, duration time) {
  const double seconds = std::chrono::duration<double>(std::min<duration>(time, std::chrono::minutes(5))).count();
  return static_cast<work_price>(static_cast<double>(per_second) * seconds);
}

}  // namespace

void message_budget::forget(time_point now) {
  if (origins_.size() <= origins_kept_max || now < forgotten_at_ + forget_interval) return;
  forgotten_at_ = now;
  for (auto at = origins_.begin(); at != origins_.end();) {
    origin& one = at->second;
    count(one, now);
    const bool needed = one.accounts > 0 || one.purse < 0 || one.owed > 0;
    at = needed ? std::next(at) : origins_.erase(at);
  }
}

message_budget::account::account(message_budget& book, const address_group& of, time_point now)
    : book_(book), counted_(now) {
  book_.forget(now);
  at_ = book_.origins_.try_emplace(of).first;
  origin& home = at_->second;
  if (home.counted == time_point{}) home.counted = home.looked = now;
  ++home.accounts;
  // Until the next look, a newcomer counts as active.
  set_active(true);
  count(home, now);
  left_ = std::clamp(home.purse, account_first_least, account_first);
  home.purse -= left_;
  next_ = home.first;
  if (next_ != nullptr) next_->previous_ = this;
  home.first = this;
}

message_budget::account::~account() {
  origin& home = at_->second;
  set_active(false);
  (previous_ != nullptr ? previous_->next_ : home.first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  // What the session owes stays with its origin, and what it got from there goes back.
  const work_price purse = home.purse + std::min<work_price>(left_, account_first);
  home.purse = std::clamp(purse, -purse_max, purse_max);
  // Of what the purse does not bear, only what this session has spent: a purse is empty after a crowd has come, too.
  const work_price beyond = std::min(home.purse - purse, -left_);
  if (beyond > 0) home.owed = std::min(home.owed + beyond, owed_max);
  // A session that comes back at once finds what its origin owes.
  const bool owes = home.purse < 0 || home.owed > 0;
  if (--home.accounts == 0 && !owes && book_.origins_.size() > origins_kept_max) book_.origins_.erase(at_);
}

void message_budget::count(origin& at, time_point now) {
  at.purse = std::min(at.purse + earned(purse_per_second, now - at.counted), purse_max);
  const work_price income = earned(accounts_per_second, now - at.counted);
  // The rest is for those who are here.
  const work_price paid = std::min(at.owed, income / 2);
  at.owed -= paid;
  at.fund = std::min(at.fund + income - paid, saved_max);
  at.counted = now;
}

void message_budget::look(origin& at, time_point now) {
  if (now - at.looked < look_interval) return;
  at.looked = now;
  at.unread_segments = 0;
  for (account* one = at.first; one != nullptr; one = one->next_) {
    one->set_active(one->spent_ >= active_least || one->left_ < 0 || one->saves_);
    one->spent_ = 0;
  }
}

void message_budget::account::set_active(bool active) {
  if (active == active_) return;
  active_ = active;
  at_->second.active += active ? 1 : -1;
}

work_price message_budget::account::rate() const {
  return std::max<work_price>(accounts_per_second / std::max<std::int64_t>(at_->second.active, 1), 1);
}

work_price message_budget::account::most() const {
  return std::min(account_max, saved_max / static_cast<work_price>(at_->second.accounts));
}

work_price message_budget::account::pause_price() const {
  return std::min(pause_credit, earned(rate(), pause_max));
}

time_point message_budget::account::next_look(time_point when, time_point now) const {
  return now < at_->second.floods_until ? std::min(when, now + flood_look) : when;
}

bool message_budget::account::on_unread(std::int64_t small_segments, time_point now) {
  origin& home = at_->second;
  home.unread_segments += std::max<std::int64_t>(small_segments, 0);
  if (home.unread_segments > unread_segments_max) home.floods_until = now + flood_kept;
  return small_segments >= flood_least && now < home.floods_until;
}

time_point message_budget::account::next_credit(time_point now, work_price price) {
  origin& home = at_->second;
  look(home, now);
  count(home, now);
  // Whoever was idle for long has saved no more than there is for all.
  const work_price due = std::min({earned(rate(), now - counted_), most() - left_, home.fund});
  counted_ = now;
  if (due > 0) {
    left_ += due;
    home.fund -= due;
  }
  const work_price lacking = std::min(price, most()) - left_;
  saves_ = lacking > 0;
  if (!saves_) return now;
  set_active(true);
  const std::chrono::duration<double> wait(static_cast<double>(lacking + rounding) / static_cast<double>(rate()));
  // Others may become idle meanwhile, and then it is sooner. Or they take what there is, and then it is later.
  return now + std::clamp(std::chrono::duration_cast<duration>(wait), wait_min, look_interval);
}

}  // namespace shoal
