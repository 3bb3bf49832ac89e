// Under which names a browser may use what this machine serves over HTTP, for gateway and tracker.
//
// A page of another site can make a browser send requests here, and open a WebSocket here (RFC 6455, 10.2). It could
// also make its own name mean this machine. So a node looks at the headers Host and Origin, which no page can choose.
// Pure, but for own_host_names().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// "HOST" and "HOST.local" (RFC 6762) of this machine, in lower case. Empty if the system does not tell.
std::vector<std::string> own_host_names();
/// The host of "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT" (RFC 9110, 7.2), in lower case.
std::string host_of(std::string_view header);
/// The Host header names this machine: by an address, as "localhost", or by one of `names`, which are in lower case.
bool is_known_host(std::string_view header, const std::vector<std::string>& names);
/// The Origin header (RFC 6454, 7) has the host and port of the Host header: the page is one of this node.
bool is_same_origin(std::string_view origin, std::string_view host);

}  // namespace shoal
