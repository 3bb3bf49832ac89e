// How many connections with peers this process holds, of all shares together, and whether there is room for one more.
//
// A download that ends holds its descriptors longer than its sessions. So it counts as a session, too.
//
// Code that begins a session or a dial counts it, and counts it out at its end. Pure; part of peer_context.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <map>
#include <optional>

#include "core/assert.hpp"
#include "core/descriptor_budget.hpp"

namespace shoal {

class connection_counts {
 public:
  /// Sessions that one address opens. Room for a whole lab behind one router, with some left for others.
  static constexpr std::size_t sessions_per_address_max = 256;

  explicit connection_counts(const descriptor_budget& budget)
      : sessions_max_(budget.sessions), dials_max_(budget.dials) {}

  bool may_begin_session() const { return sessions_ + finishing_ < sessions_max_; }
  /// There is room for a dial, and for the session that it leads to.
  bool may_dial() const { return may_begin_session() && dials_ < dials_max_; }
  /// `caller` may open one more session, if there is room.
  bool may_call(const boost::asio::ip::address& caller) const {
    const auto known = by_caller_.find(caller);
    return known == by_caller_.end() || known->second < sessions_per_address_max;
  }

  /// `caller`: the address that opened the connection, if we did not.
  void on_session(const std::optional<boost::asio::ip::address>& caller) {
    ++sessions_;
    if (caller) ++by_caller_[*caller];
  }
  void on_session_end(const std::optional<boost::asio::ip::address>& caller) {
    SHOAL_ASSERT(sessions_ > 0);
    --sessions_;
    if (caller && --by_caller_[*caller] == 0) by_caller_.erase(*caller);
  }
  /// A download has all its data, and writes the rest to disk.
  void on_finish() { ++finishing_; }
  void on_finish_end() {
    SHOAL_ASSERT(finishing_ > 0);
    --finishing_;
  }
  void on_dial() { ++dials_; }
  void on_dial_end() {
    SHOAL_ASSERT(dials_ > 0);
    --dials_;
  }
  std::size_t sessions() const { return sessions_; }
  /// Dials under way.
  std::size_t dials() const { return dials_; }

 private:
  std::size_t sessions_max_;
  std::size_t dials_max_;
  std::size_t sessions_ = 0;
  std::size_t finishing_ = 0;
  std::size_t dials_ = 0;
  std::map<boost::asio::ip::address, std::size_t> by_caller_;
};

}  // namespace shoal
