// The completion token and names that every coroutine of the project uses.
//
// Everything above the pure folders includes this, and does not spell Asio's names.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace shoal {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

/// Errors come back as the first element of a tuple; nothing throws.
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

}  // namespace shoal
