// What all parts of one peer use together: threads, memory bounds, state. Owned by peer_node, outlives them all.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/descriptor_budget.hpp"
#include "core/ids.hpp"
#include "net/buffer_pool.hpp"
#include "store/file_cache.hpp"
#include "store/state_database.hpp"

namespace shoal {

/// Sessions that one address opens: room for a whole lab behind one router, and left for others.
inline constexpr std::size_t sessions_per_address_max = 256;

struct peer_context {
  asio::any_io_executor executor;
  asio::thread_pool& workers;     ///< hashing, reads and writes: one thread a core
  asio::thread_pool& background;  ///< the database, flushing, scanning: one thread
  buffer_pool& buffers;
  state_database& database;
  std::shared_ptr<file_cache> files;
  peer_id self;
  descriptor_budget budget;  ///< its sessions: see receive_buffers_max for the memory that each may hold
  std::uint16_t listen_port = 0;
  bool remember_shares = true;  ///< complete downloads are shared again by later runs

  std::size_t sessions = 0;
  std::size_t dials = 0;  ///< under way
  std::map<asio::ip::address, std::size_t> incoming_by_address{};
  std::uint64_t bytes_uploaded = 0;    ///< payload
  std::uint64_t bytes_downloaded = 0;  ///< payload, duplicates included
};

}  // namespace shoal
