// The addresses of this machine, from the kernel. For links that lead here when no tracker has told the address of this
// peer.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <vector>

#include "net/use_tuple.hpp"

namespace shoal {

/// Addresses of the interfaces that are up. Link-local addresses are left out: they need a scope. Loopback addresses
/// are included only if there are no others. Does not block.
std::vector<asio::ip::address> own_addresses();

}  // namespace shoal
