// The part of OpenSSL that the connections of a private swarm use, with the fastest AES-128-GCM of this machine.
//
// OpenSSL before 3.1 does not use the vector AES of newer CPUs (VAES, VPCLMULQDQ). libipsec-mb does, and then takes a
// fifth of the time. Where that is so, this class makes a library context of OpenSSL's (OSSL_LIB_CTX) with a provider
// for this one cipher (provider-cipher(7)). All else remains OpenSSL's: handshake, records, nonces and keys. The choice
// is made at run time. Two connections may encrypt at the same time. Lives until the process ends.
#pragma once

#include <openssl/types.h>

#include <memory>

namespace shoal {

class tls_library {
 public:
  /// Made at the first call.
  static const tls_library& of_process();
  ~tls_library();
  tls_library(const tls_library&) = delete;
  tls_library& operator=(const tls_library&) = delete;

  /// For SSL_CTX_new_ex(), with preferred(). Null: OpenSSL's own, and nothing is faster here.
  OSSL_LIB_CTX* context() const { return context_.get(); }
  /// The property query that finds our cipher where there is one.
  static const char* preferred();

 private:
  tls_library();

  struct context_free {
    void operator()(OSSL_LIB_CTX* context) const;
  };
  struct provider_unload {
    void operator()(OSSL_PROVIDER* provider) const;
  };

  std::unique_ptr<OSSL_LIB_CTX, context_free> context_;
  std::unique_ptr<OSSL_PROVIDER, provider_unload> openssl_;
  std::unique_ptr<OSSL_PROVIDER, provider_unload> ours_;
};

}  // namespace shoal
