// The API over HTTP: "/v1/…", what the command line does, as JSON.
//
// api_routes says which method of peer_control a request means, api_access who may call it. The answer is that of the
// method, made of the same rows as those of the control socket. Errors are problem details (RFC 9457). Owned by
// gateway, on the network thread.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>

#include "control/peer_control.hpp"
#include "gateway/api_access.hpp"
#include "gateway/api_routes.hpp"
#include "gateway/event_feed.hpp"
#include "gateway/http_exchange.hpp"
#include "net/access_token.hpp"

namespace shoal {

/// If there are more shares and peers, only who has the token may list them. It takes memory and time for each.
inline constexpr std::size_t open_rows_max = 20'000;

class api_service {
 public:
  /// `control`, `events` and `token` outlive this. `count_rows`: of all that can be listed, about. Without a token
  /// nothing can be changed.
  api_service(peer_control& control, event_feed& events, std::function<std::size_t()> count_rows, api_access rules,
              const std::optional<access_token>& token)
      : control_(control),
        events_(events),
        count_rows_(std::move(count_rows)),
        rules_(std::move(rules)),
        token_(token) {}

  /// A request to change something may bring a body. Others are refused before it is read.
  bool takes_body(http_exchange& with) const;
  awaitable<void> answer(http_exchange& with, const request_target& target);
  /// Answers a request that was not understood.
  awaitable<void> refuse(http_exchange& with, const error& why);

 private:
  awaitable<void> answer_events(http_exchange& with, const request_target& target);
  api_request request_of(http_exchange& with) const;
  /// The call, if the caller may do it and its body is right.
  result<api_call> call_of(http_exchange& with, const request_target& target, std::string& allowed) const;

  peer_control& control_;
  event_feed& events_;
  std::function<std::size_t()> count_rows_;
  api_access rules_;
  const std::optional<access_token>& token_;
};

}  // namespace shoal
