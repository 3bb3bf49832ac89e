// Who may use the gateway of a private swarm without its key: who has the token of the peer.
//
// Such a client came by the certificate (net/listener). Everything that it asks for needs the token, and without it no
// answer tells anything of the swarm or of this program. In the clear nobody is let in, token or not. Owned by gateway,
// on the network thread.
#pragma once

#include <optional>

#include "gateway/http_exchange.hpp"
#include "net/access_token.hpp"
#include "observe/log_limit.hpp"

namespace shoal {

class guest_entrance {
 public:
  /// `token` outlives this. Without one nobody is let in.
  explicit guest_entrance(const std::optional<access_token>& token) : token_(token) {}

  /// The request brings the token, encrypted.
  bool admits(http_exchange& with) const;
  /// Says what is needed. A wrong token costs its origin, and is logged; so is a request in the clear.
  awaitable<void> refuse(http_exchange& with);

 private:
  const std::optional<access_token>& token_;
  // Two, so that who asks in the clear cannot hide that somebody guesses the token.
  log_limit clear_logged_;
  log_limit wrong_logged_;
};

}  // namespace shoal
