#include "gateway/api_access.hpp"

#include <algorithm>

#include "net/host_names.hpp"

namespace shoal {

namespace asio = boost::asio;

result<void> check_host(const api_access& rules, const api_request& request) {
  if (is_known_host(request.host, rules.host_names)) return {};
  return error{errc::permission,
               "this peer is not known as '" + host_of(request.host) + "': use its address or its host name",
               remedy::other_host_name};
}

result<void> check_change(const api_access& rules, const api_request& request) {
  if (!request.has_token) {
    return error{errc::permission, "this needs the token of the peer, as 'Authorization: Bearer TOKEN'"};
  }
  const auto listed = [&](const asio::ip::address& one) { return one.is_unspecified() || one == request.local; };
  if (request.is_encrypted || request.local.is_loopback() || std::ranges::any_of(rules.change_addresses, listed))
    return {};
  return error{errc::permission, "at " + request.local.to_string() + " nothing can be changed over HTTP",
               remedy::change_address};
}

}  // namespace shoal
