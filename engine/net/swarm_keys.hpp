// The keys of this process's swarm, for all its connections. Without a key the swarm is open. A private swarm may also
// have a certificate, for programs that lack the key.
//
// Owns what OpenSSL keeps for all connections. The keys may be replaced while connections live: each new connection
// uses the keys of that moment. Belongs to one io_context, and outlives the connections of its streams.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/swarm_key.hpp"
#include "net/certificate.hpp"

namespace shoal {

class swarm_keys {
 public:
  /// An open swarm. Asks nothing of OpenSSL.
  swarm_keys();
  ~swarm_keys();
  swarm_keys(const swarm_keys&) = delete;
  swarm_keys& operator=(const swarm_keys&) = delete;

  /// The first key is offered to others, and all are accepted. Not empty; a swarm that is private stays so.
  /// errc::internal: this OpenSSL lacks what a private swarm speaks. Then nothing changes.
  result<void> replace(std::vector<swarm_key> keys);
  bool is_private() const { return !keys_.empty(); }
  /// From now on who calls without any key is shown this, and may speak HTTP (net/listener). Until then it is turned
  /// away.
  void show(certificate shown) { certificate_ = std::move(shown); }
  /// Null without one.
  const certificate* shown() const { return certificate_ ? &*certificate_ : nullptr; }
  const std::vector<swarm_key>& keys() const { return keys_; }
  /// Null if the key is not, or not any more, one of ours.
  const swarm_key* find(const key_id& id) const;
  /// For net/tls_connection. Null in an open swarm.
  SSL_CTX* context() const { return context_.get(); }

 private:
  struct context_free {
    void operator()(SSL_CTX* context) const;
  };

  /// Makes the context, if there is none.
  result<void> prepare();

  std::unique_ptr<SSL_CTX, context_free> context_;
  std::vector<swarm_key> keys_;
  std::optional<certificate> certificate_;
};

/// All keys of these files, in this order, each once. Blocks. Errors name the file. No files: no keys.
result<std::vector<swarm_key>> read_swarm_keys(const std::vector<std::string>& paths);

}  // namespace shoal
