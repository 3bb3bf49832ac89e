#include "peer/library/accusations.hpp"

#include <boost/asio/steady_timer.hpp>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/piece_check.hpp"

namespace shoal {

void accusations::on_accused(const share& which, piece_index piece, const std::string& address) {
  checks_.on_accused({which.id(), piece}, address, clock::now());
  accused_.set();
}

awaitable<void> accusations::run() {
  while (!context_.stopped()) {
    const auto next = checks_.next_check(clock::now());
    if (!next) {
      (void)co_await accused_.wait_until(checks_.next_deadline());
      continue;
    }
    if (const auto accused = hosted_.find(next->share)) co_await check(accused, next->piece);
  }
}

awaitable<void> accusations::check(std::shared_ptr<share> which, piece_index piece) {
  const share_content& content = which->content();
  if (which->stopped() || !content.files() || !content.has(piece)) co_return;
  bitmap candidates(content.verified().size());
  (void)candidates.set(piece.value());
  auto go_on = [this, which](std::uint64_t) { return !context_.stopped() && !which->stopped(); };
  auto good = co_await check_pieces(context_.peer, content.files(), content.info(), candidates, go_on);
  asio::steady_timer pause(context_.peer.executor);
  if (!good) {
    log_warn("a piece was said to be damaged, and cannot be read now name=\"{}\" piece={} error=\"{}\"", which->name(),
             piece.value(), good.error().text);
  }
  while (!good && good.error().code == errc::limit && go_on(0)) {
    pause.expires_after(descriptors_interval);
    (void)co_await pause.async_wait(use_tuple);
    good = co_await check_pieces(context_.peer, content.files(), content.info(), candidates, go_on);
  }
  if (!good) co_return;
  if (logged_.pass(clock::now())) {
    log_info("a piece was said to be damaged name=\"{}\" piece={} damaged={} unlogged={}", which->name(), piece.value(),
             good->none(), logged_.take_left_out());
  }
  if (context_.stopped() || which->stopped() || !good->none()) co_return;
  if (content.complete()) co_return co_await losses_.on_damage(which, 1);
  which->on_content_lost(
      {errc::verification,
       "what '" + which->name() + "' has on disk is damaged: download it again, which checks all of it"});
}

}  // namespace shoal
