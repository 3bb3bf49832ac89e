// The addresses of this machine, from the kernel. For links that lead here when no tracker has said where "here" is.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <vector>

#include "net/use_tuple.hpp"

namespace shoal {

/// Of the interfaces that are up, without link-local ones, which need a scope; those of the loopback only if there are
/// no others. Does not block.
std::vector<asio::ip::address> own_addresses();

}  // namespace shoal
