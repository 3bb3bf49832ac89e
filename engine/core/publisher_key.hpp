// The keys with which publishers sign what they share: Ed25519 (RFC 8032), by OpenSSL.
//
// A key file holds one line: "shoal-publisher-key-1 " and the secret in base64. The public key stands in trust lists
// (content/trust_list). What is signed: content/signed_publication. Pure, except that make() asks the system for random
// bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

/// The public key. All zero: none.
using publisher_key = opaque_id<struct publisher_key_tag, 32>;
using publisher_signature = opaque_id<struct publisher_signature_tag, 64>;

/// 32 hexadecimal digits that name a key to people: the beginning of its SHA-256.
std::string fingerprint(const publisher_key& key);

/// Whether the owner of `key` signed exactly this. Any key and signature may be asked about. Takes about 0.1 ms.
bool is_signed_by(const publisher_key& key, byte_view text, const publisher_signature& signature);

class publisher_secret {
 public:
  static constexpr std::size_t secret_bytes = 32;

  /// A new one. errc::internal if the system has no random bytes.
  static result<publisher_secret> make();
  /// Reads a key file. errc::malformed says what it is instead, and never shows what it holds.
  static result<publisher_secret> parse(std::string_view text);
  publisher_secret(const publisher_secret&) = default;
  publisher_secret& operator=(const publisher_secret&) = default;
  /// Wipes the secret from memory.
  ~publisher_secret();

  const publisher_key& key() const { return key_; }
  /// The line of a key file, with its end.
  std::string line() const;
  /// errc::internal if OpenSSL cannot.
  result<publisher_signature> sign(byte_view text) const;

 private:
  explicit publisher_secret(const std::array<std::uint8_t, secret_bytes>& secret) : secret_(secret) {}
  /// Computes the public key.
  result<void> complete();

  std::array<std::uint8_t, secret_bytes> secret_;
  publisher_key key_;
};

}  // namespace shoal
