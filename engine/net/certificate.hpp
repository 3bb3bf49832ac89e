// The certificate that a node of a private swarm shows to programs that lack the key: browsers, curl (RFC 8446, 4.4.2).
//
// A certificate (RFC 5280), those that lead from it to an authority, and its private key. The user brings one, or the
// node makes one that nobody has signed. People then compare its fingerprint. Owns what OpenSSL keeps of it. Held by
// swarm_keys, shown by tls_connection. What strangers may learn is what stands in it: so it names addresses, and names
// that the user gave, and not this program.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace shoal {

class certificate {
 public:
  /// A certificate of our own is good for so long, because who has compared its fingerprint is to do so once.
  static constexpr int own_days = 3650;

  /// Both are PEM (RFC 7468). `chain` begins with the certificate of the node. errc::malformed: one of them is not
  /// that, or they do not belong together. The private key has no password.
  static result<certificate> parse(const std::string& chain, const std::string& key);
  /// A new private key (ECDSA P-256), as PEM. errc::internal: OpenSSL cannot make one.
  static result<std::string> make_key();
  /// A certificate for this key, as PEM, for `localhost`, the loopback addresses and `names`: addresses and host names.
  static result<std::string> make(const std::string& key, const std::vector<std::string>& names);

  /// Its SHA-256, as browsers and `openssl x509 -fingerprint` write it: "AB:CD:…".
  const std::string& fingerprint() const { return fingerprint_; }
  /// This connection shows it. Call it in the callback that chooses a certificate.
  bool show_on(SSL* connection) const;

 private:
  struct release {
    void operator()(X509* one) const;
    void operator()(EVP_PKEY* key) const;
  };
  using x509_ptr = std::unique_ptr<X509, release>;
  using key_ptr = std::unique_ptr<EVP_PKEY, release>;

  certificate() = default;
  static key_ptr parse_key(const std::string& text);

  x509_ptr own_;
  std::vector<x509_ptr> issuers_;  ///< from the one that signed it upwards
  key_ptr key_;
  std::string fingerprint_;
};

}  // namespace shoal
