// Lets those who change the same share take turns, because a change takes several steps on the disk. Part of downloads.
#pragma once

#include <set>
#include <utility>

#include "core/ids.hpp"
#include "net/notifier.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class change_turns {
 public:
  /// Others wait for as long as it lives.
  class turn {
   public:
    turn(change_turns& of, const share_id& id) : of_(&of), id_(id) { of_->changing_.insert(id_); }
    turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)), id_(other.id_) {}
    turn& operator=(turn&&) = delete;
    ~turn() {
      if (of_ == nullptr) return;
      of_->changing_.erase(id_);
      of_->changes_.notify_all();
    }

   private:
    change_turns* of_;
    share_id id_;
  };

  /// `changes` is notified at the end of each turn, and outlives this.
  explicit change_turns(notifier& changes) : changes_(changes) {}

  /// Returns when nobody else changes the share.
  awaitable<turn> take(share_id id) {
    while (changing_.contains(id)) co_await changes_.wait_until(never);
    co_return turn(*this, id);
  }

 private:
  notifier& changes_;
  std::set<share_id> changing_;
};

}  // namespace shoal
