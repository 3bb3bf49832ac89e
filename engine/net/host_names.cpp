#include "net/host_names.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/host_name.hpp>

#include "core/lower_case.hpp"

namespace shoal {

namespace ip = boost::asio::ip;

std::vector<std::string> own_host_names() {
  boost::system::error_code ec;
  const std::string name = lower_case(ip::host_name(ec));
  if (ec || name.empty()) return {};
  return {name, name.substr(0, name.find('.')) + ".local"};
}

std::string host_of(std::string_view header) {
  std::string_view host = header.substr(0, header.find(':'));
  if (header.starts_with('[')) host = header.substr(1, std::min(header.find(']'), header.size()) - 1);
  return lower_case(host);
}

bool is_known_host(std::string_view header, const std::vector<std::string>& names) {
  const std::string host = host_of(header);
  boost::system::error_code ec;
  ip::make_address(host, ec);
  return !ec || host == "localhost" || std::ranges::find(names, host) != names.end();
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  // A browser leaves the usual port of the scheme out of both.
  const std::string lower = lower_case(origin);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (lower.starts_with(scheme)) return !host.empty() && lower.substr(scheme.size()) == lower_case(host);
  }
  return false;
}

}  // namespace shoal
