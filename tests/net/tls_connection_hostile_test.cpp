// What somebody makes by hand instead of what our own TLS says.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "core/descriptor.hpp"
#include "net/swarm_keys.hpp"
#include "net/tls_connection.hpp"

using namespace shoal;

namespace {

/// A node's end of a connection, and the other end, where OpenSSL alone has the key.
struct node_and_openssl {
  static inline const swarm_key* key = nullptr;

  swarm_key secret = *swarm_key::make();
  swarm_keys keys;
  unique_descriptor here;
  unique_descriptor there;
  std::unique_ptr<tls_connection> node;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> client{nullptr, &SSL_free};

  node_and_openssl() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    here = unique_descriptor(ends[0]);
    there = unique_descriptor(ends[1]);
    REQUIRE(keys.replace({secret}).has_value());
    node = tls_connection::as_server(keys, here.get());
    key = &secret;
    SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_psk_use_session_callback(context.get(), &offer);
    client.reset(SSL_new(context.get()));
    SSL_set_fd(client.get(), there.get());
    SSL_set_connect_state(client.get());
  }

  static int offer(SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* id_bytes, SSL_SESSION** session) {
    const std::array<unsigned char, 2> suite{0x13, 0x01};
    *session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(*session, key->secret().data(), key->secret().size());
    SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite.data()));
    SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
    *id = key->id().bytes.data();
    *id_bytes = key_id::size;
    return 1;
  }

  /// Both have proven the key.
  void shake_hands() {
    for (int turn = 0; turn < 10 && !node->key(); ++turn) {
      (void)SSL_do_handshake(client.get());
      REQUIRE(node->handshake() != tls_connection::step::failed);
    }
    REQUIRE(node->key());
  }
};

}  // namespace

TEST_CASE("of a handshake without an end only the beginning is read", "[tls_connection]") {
  node_and_openssl w;
  // RFC 8446, 5.1 and 4: a record, and in it the beginning of a ClientHello of 60,000 bytes.
  std::string hello("\x16\x03\x01\x40\x00\x01\x00\xea\x60\x03\x03", 11);
  hello.resize(5 + 16 * KiB, 'x');
  REQUIRE(::write(w.there.get(), hello.data(), hello.size()) == static_cast<ssize_t>(hello.size()));
  CHECK(w.node->handshake() == tls_connection::step::failed);
}

TEST_CASE("who updates its keys is sent away, and nothing behind the update is read", "[tls_connection]") {
  for (const bool updates : {false, true}) {
    node_and_openssl w;
    w.shake_hands();
    if (updates) REQUIRE(SSL_key_update(w.client.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    REQUIRE(SSL_write(w.client.get(), "x", 1) == 1);
    std::array<std::uint8_t, 8> space{};
    const io_attempt got = w.node->recv_some(space);
    CHECK(got.bytes == (updates ? 0 : 1));
    CHECK(got.is_over() == updates);
  }
}
