// Pieces that others call damaged. They are read again, one after the other.
//
// Part of library. run() until stop(). DESIGN: "Invariants".
#pragma once

#include <memory>
#include <string>

#include "net/event.hpp"
#include "observe/log_limit.hpp"
#include "peer/library/share_losses.hpp"
#include "policy/damage_checks.hpp"

namespace shoal {

class accusations {
 public:
  accusations(library_context& context, const hosted_shares& hosted, share_losses& losses)
      : context_(context), hosted_(hosted), losses_(losses), accused_(context.peer.executor) {}

  awaitable<void> run();
  void stop() { accused_.set(); }

  /// The peer at `address` says that a piece that is here is damaged. This may be a lie.
  void on_accused(const share& which, piece_index piece, const std::string& address);

 private:
  awaitable<void> check(std::shared_ptr<share> which, piece_index piece);

  library_context& context_;
  const hosted_shares& hosted_;
  share_losses& losses_;
  damage_checks checks_;
  log_limit logged_;
  event accused_;
};

}  // namespace shoal
