// Who may use the API. Pure.
//
// In an open swarm everybody may look, as everybody may read content. Changes need the token. In the clear somebody on
// the line could learn it, so there they are taken at loopback addresses only, unless the user names others. A page of
// another site cannot use the API: such a page may send simple requests to any address, but no Authorization header. It
// could make its own name mean this machine; so the API answers only under names that are known.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal {

struct api_access {
  /// Local addresses at which changes are taken, beside loopback. Unspecified: all.
  std::vector<boost::asio::ip::address> change_addresses = {};
  /// Names of this machine, in lower case, beside "localhost" and addresses.
  std::vector<std::string> host_names = {};
};

/// What is known of a request.
struct api_request {
  std::string_view host;                ///< the Host header
  boost::asio::ip::address local = {};  ///< where the connection arrived
  bool has_token = false;
  bool is_encrypted = false;
};

/// The Host header names this machine. errc::permission names what it may be.
result<void> check_host(const api_access& rules, const api_request& request);
/// The request may change something. errc::permission.
result<void> check_change(const api_access& rules, const api_request& request);

}  // namespace shoal
