// What all parts of one peer share: threads, memory bounds, state. Owned by peer_node; outlives all parts.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>

#include "content/checked_signatures.hpp"
#include "core/descriptor_budget.hpp"
#include "core/ids.hpp"
#include "net/buffer_pool.hpp"
#include "net/swarm_keys.hpp"
#include "observe/thread_load.hpp"
#include "peer/session/connection_counts.hpp"
#include "peer/session/throttle.hpp"
#include "peer/session/traffic.hpp"
#include "policy/dial_history.hpp"
#include "policy/message_budget.hpp"
#include "store/file_cache.hpp"
#include "store/state_database.hpp"
#include "wire/frame_memory.hpp"

namespace shoal {

struct peer_context {
  asio::any_io_executor executor;
  asio::thread_pool& workers;     ///< hashing, reads and writes: one thread a core
  asio::thread_pool& background;  ///< the database, flushing, scanning: one thread
  buffer_pool& buffers;
  state_database& database;
  std::shared_ptr<file_cache> files;
  const swarm_keys& keys;
  peer_id self;
  descriptor_budget budget;  ///< receive_buffers_max says how much memory each of its sessions may hold
  std::uint16_t listen_port = 0;
  bool remember_shares = true;  ///< later runs share complete downloads again
  unsigned worker_count = 1;    ///< threads of `workers`

  connection_counts connections{budget};
  dial_history dials{};
  wire::frame_memory frames{};              ///< long messages that are not complete yet, of all sessions
  message_budget messages{};                ///< what the messages of each origin may cost
  mutable checked_signatures signatures{};  ///< what one part found out is known to all
  traffic payload{executor};
  thread_load load{};
  throttle up{};  ///< payload of all shares
  throttle down{};
};

}  // namespace shoal
