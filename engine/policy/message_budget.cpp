#include "policy/message_budget.hpp"

#include <algorithm>

namespace shoal {

namespace {

// So many active sessions of one origin are a crowd: each looks more seldom.
constexpr std::int64_t crowd_least = 16;

// What comes in at a rate.
work_price earned(work_price per_second, duration time) {
  const double seconds = std::chrono::duration<double>(std::min<duration>(time, std::chrono::minutes(5))).count();
  return static_cast<work_price>(static_cast<double>(per_second) * seconds);
}

}  // namespace

message_budget::account::account(message_budget& book, const address_group& of, time_point now)
    : book_(book), at_(book.origins_.try_emplace(of).first), counted_(now) {
  origin& home = at_->second;
  if (home.counted == time_point{}) home.counted = home.looked = now;
  ++home.accounts;
  // Until the next look, a newcomer counts as active.
  ++home.active;
  home.purse = std::min(home.purse + earned(purse_per_second, now - home.counted), purse_max);
  home.counted = now;
  left_ = std::clamp(home.purse, account_first_least, account_first);
  home.purse -= left_;
  next_ = home.first;
  if (next_ != nullptr) next_->previous_ = this;
  home.first = this;
}

message_budget::account::~account() {
  origin& home = at_->second;
  (previous_ != nullptr ? previous_->next_ : home.first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  // What the session owes stays with its origin, and what it got from there goes back.
  home.purse = std::clamp(home.purse + std::min<work_price>(left_, account_first), -purse_max, purse_max);
  // A session that comes back at once finds what its origin owes.
  if (--home.accounts == 0 && book_.origins_.size() > origins_kept_max) book_.origins_.erase(at_);
}

void message_budget::look(origin& at, time_point now) {
  if (now - at.looked < look_interval) return;
  at.looked = now;
  at.active = 0;
  for (account* one = at.first; one != nullptr; one = one->next_) {
    if (one->spent_ >= active_least || one->left_ < 0 || one->saves_) ++at.active;
    one->spent_ = 0;
  }
}

time_point message_budget::account::next_credit(time_point now, work_price price) {
  origin& home = at_->second;
  look(home, now);
  const work_price rate = std::max<work_price>(accounts_per_second / std::max<std::int64_t>(home.active, 1), 1);
  left_ = std::min(left_ + earned(rate, now - counted_), account_max);
  counted_ = now;
  const work_price lacking = std::min(price, account_max) - left_;
  saves_ = lacking > 0;
  if (!saves_) return now;
  const std::chrono::duration<double> wait(static_cast<double>(lacking) / static_cast<double>(rate));
  // Others may become idle meanwhile, and then it is sooner. A crowd that waits costs no more looks than a few do.
  const duration longest = look_interval * std::max<std::int64_t>(home.active / crowd_least, 1);
  return now + std::clamp(std::chrono::duration_cast<duration>(wait), duration(std::chrono::milliseconds(1)), longest);
}

}  // namespace shoal
