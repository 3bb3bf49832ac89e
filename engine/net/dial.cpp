#include "net/dial.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

/// The dial failed before anything was sent.
bool never_left(error_code ec) {
  return ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space || ec == asio::error::no_memory ||
         ec == asio::error::network_unreachable || ec == asio::error::network_down ||
         ec == boost::system::errc::too_many_files_open_in_system || ec == boost::system::errc::address_not_available;
}

awaitable<result<void>> connect(stream& on, tcp::endpoint where, duration timeout) {
  const error_code ec = co_await on.connect(where, timeout);
  if (ec == asio::error::timed_out) co_return error{errc::timed_out, "it does not answer"};
  if (never_left(ec)) co_return error{errc::limit, ec.message()};
  if (ec) co_return error{errc::unreachable, ec.message()};
  co_return result<void>{};
}

awaitable<result<void>> prove(stream& on, const swarm_keys& keys, swarm_key offered, duration timeout) {
  asio::steady_timer timer(on.get_executor(), timeout);
  auto outcome = co_await (on.secure_as_client(keys, offered) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return error{errc::timed_out, "it does not answer"};
  co_return std::get<0>(outcome);
}

}  // namespace

awaitable<result<void>> dial(stream& on, tcp::endpoint where, duration timeout, const swarm_keys& keys) {
  if (!keys.is_private()) co_return co_await connect(on, where, timeout);
  // The keys may be replaced meanwhile.
  const std::vector<swarm_key> offers = keys.keys();
  result<void> outcome = error{errc::permission, "it does not accept this key", remedy::other_key};
  for (const swarm_key& offered : offers) {
    outcome = co_await connect(on, where, timeout);
    if (!outcome) break;
    outcome = co_await prove(on, keys, offered, timeout);
    if (outcome || outcome.error().code != errc::permission || !on.is_open()) break;
    on.close();
  }
  co_return outcome;
}

}  // namespace shoal
