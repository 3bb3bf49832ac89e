// Pieces of which others say that they are damaged, and what those are told who come for a share that was withdrawn.

#include <boost/asio/steady_timer.hpp>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "peer/share/piece_check.hpp"

namespace shoal {

namespace {

// Longer than a downloader takes to come back when a session has ended.
constexpr duration withdraw_delay = std::chrono::seconds(2);

}  // namespace

awaitable<void> peer_node::withdraw_soon(std::shared_ptr<share> which) {
  const auto when = clock::now() + withdraw_delay;
  while (!stopped_ && clock::now() < when) co_await changes_.wait_until(when);
  if (!stopped_ && !shares_.contains(which->id())) discovery_->withdraw(which->id());
}

std::optional<errc> peer_node::refusal(const wire::truncated_id& wanted) const {
  for (const auto& [path, one] : missing_) {
    if (wire::truncate(one.info->id()) == wanted) return one.why.code;
  }
  return std::nullopt;
}

void peer_node::on_accused(share& which, piece_index piece, const std::string& address) {
  damage_checks_.on_accused({which.id(), piece}, address, clock::now());
  accused_.set();
}

awaitable<void> peer_node::check_accused() {
  while (!stopped_) {
    const auto next = damage_checks_.next_check(clock::now());
    const auto at = next ? shares_.find(next->share) : shares_.end();
    if (at != shares_.end()) co_await check_accused(at->second, next->piece);
    if (!next) (void)co_await accused_.wait_until(damage_checks_.next_deadline());
  }
}

awaitable<void> peer_node::check_accused(std::shared_ptr<share> which, piece_index piece) {
  if (which->stopped() || !which->files() || !which->verified().test(piece.value())) co_return;
  bitmap candidates(which->verified().size());
  (void)candidates.set(piece.value());
  auto go_on = [this, which](std::uint64_t) { return !stopped_ && !which->stopped(); };
  auto good = co_await check_pieces(*context_, which->files(), which->info(), candidates, go_on);
  asio::steady_timer pause(context_->executor);
  if (!good) {
    log_warn("a piece was said to be damaged, and cannot be read now name=\"{}\" piece={} error=\"{}\"", which->name(),
             piece.value(), good.error().text);
  }
  while (!good && good.error().code == errc::limit && go_on(0)) {
    pause.expires_after(descriptors_interval);
    (void)co_await pause.async_wait(use_tuple);
    good = co_await check_pieces(*context_, which->files(), which->info(), candidates, go_on);
  }
  if (!good) co_return;
  log_info("a piece was said to be damaged name=\"{}\" piece={} damaged={}", which->name(), piece.value(),
           good->none());
  if (stopped_ || which->stopped() || !good->none()) co_return;
  if (which->complete()) co_return co_await on_damage(which, 1);
  which->on_content_lost(
      {errc::verification,
       "what '" + which->name() + "' has on disk is damaged: download it again, which checks all of it"});
}

}  // namespace shoal
