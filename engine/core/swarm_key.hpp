// The key of a private swarm: 256 random bits that all its nodes share.
//
// A key file holds one key a line: "shoal-swarm-key-1 " and the secret in base64. The first key is the one that a node
// offers; it accepts all of them. Empty lines and lines that begin with '#' are comments. Pure, except that make() asks
// the system for random bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Names a key without telling anything of its secret: the beginning of a hash of it. Both sides of a connection send
/// it in the clear.
using key_id = opaque_id<struct key_tag, 8>;

/// Keys that one node accepts. Two are enough for a rotation.
inline constexpr std::size_t swarm_keys_max = 16;

class swarm_key {
 public:
  static constexpr std::size_t secret_bytes = 32;

  /// A new one. errc::internal if the system has no random bytes.
  static result<swarm_key> make();
  explicit swarm_key(const std::array<std::uint8_t, secret_bytes>& secret);
  swarm_key(const swarm_key&) = default;
  swarm_key& operator=(const swarm_key&) = default;
  /// Wipes the secret from memory.
  ~swarm_key();

  const key_id& id() const { return id_; }
  byte_view secret() const { return secret_; }
  /// The line of a key file, with its end.
  std::string line() const;

 private:
  std::array<std::uint8_t, secret_bytes> secret_;
  key_id id_;
};

/// The keys of a key file, at least one. errc::malformed names the line, and never shows what it holds.
result<std::vector<swarm_key>> parse_swarm_keys(std::string_view text);

}  // namespace shoal
