#include "gateway/guest_entrance.hpp"

#include <utility>

#include "gateway/problem.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"

namespace shoal {

bool guest_entrance::admits(http_exchange& with) const {
  return with.is_encrypted() && token_ && token_->lets_read(with.header(http_field::authorization));
}

awaitable<void> guest_entrance::refuse(http_exchange& with) {
  if (!with.is_encrypted()) {
    if (clear_logged_.pass(clock::now())) {
      const auto from = with.remote();
      log_warn("a request in the clear is refused in this private swarm from={} unlogged={}",
               from ? to_text(*from) : "gone", clear_logged_.take_left_out());
    }
    with.close_after();
    (void)co_await with.refuse(http_status::forbidden, "this swarm is private: use https:// and the token");
    co_return;
  }
  if (!with.header(http_field::authorization).empty()) {
    with.on_work(prices::http_wrong_token);
    if (wrong_logged_.pass(clock::now())) {
      const auto from = with.remote();
      log_warn("a request over HTTPS has a wrong token from={} unlogged={}", from ? to_text(*from) : "gone",
               wrong_logged_.take_left_out());
    }
  }
  http_head head;
  head.result(http_status::unauthorized);
  for (const std::string_view challenge : access_token::challenges) {
    head.insert(http_field::www_authenticate, challenge);
  }
  const error why{errc::permission, std::string(access_token::needed)};
  std::string body = problem_of(head.result(), why);
  (void)co_await with.answer(std::move(head), problem_type, std::move(body));
}

}  // namespace shoal
