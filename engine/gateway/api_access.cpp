#include "gateway/api_access.hpp"

#include <algorithm>
#include <cctype>

namespace shoal {

namespace asio = boost::asio;

namespace {

/// The host of "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT", in lower case.
std::string host_of(std::string_view header) {
  std::string_view host = header.substr(0, header.find(':'));
  if (header.starts_with('[')) host = header.substr(1, std::min(header.find(']'), header.size()) - 1);
  std::string lower(host);
  std::ranges::transform(lower, lower.begin(), [](unsigned char one) { return static_cast<char>(std::tolower(one)); });
  return lower;
}

}  // namespace

result<void> check_host(const api_access& rules, const api_request& request) {
  const std::string host = host_of(request.host);
  boost::system::error_code ec;
  asio::ip::make_address(host, ec);
  if (!ec || host == "localhost" || std::ranges::find(rules.host_names, host) != rules.host_names.end()) return {};
  return error{errc::permission, "this peer is not known as '" + host + "': use its address or its host name"};
}

result<void> check_change(const api_access& rules, const api_request& request) {
  if (!request.has_token) {
    return error{errc::permission, "this needs the token of the peer, as 'Authorization: Bearer TOKEN'"};
  }
  const auto listed = [&](const asio::ip::address& one) { return one.is_unspecified() || one == request.local; };
  if (request.is_encrypted || request.local.is_loopback() || std::ranges::any_of(rules.change_addresses, listed))
    return {};
  return error{errc::permission, "at " + request.local.to_string() + " nothing can be changed over HTTP"};
}

}  // namespace shoal
