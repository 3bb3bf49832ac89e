// Who calls a node of a private swarm without its key: a browser, as OpenSSL alone plays it here.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/descriptor.hpp"
#include "net/certificate.hpp"
#include "net/swarm_keys.hpp"
#include "net/tls_connection.hpp"

using namespace shoal;

namespace {

certificate new_certificate() {
  const auto key = certificate::make_key();
  REQUIRE(key.has_value());
  const auto chain = certificate::make(*key, {"192.0.2.7"});
  REQUIRE(chain.has_value());
  auto made = certificate::parse(*chain, *key);
  REQUIRE(made.has_value());
  return std::move(*made);
}

/// What a client offers as a pre-shared key.
struct offer {
  std::string name;
  std::array<unsigned char, swarm_key::secret_bytes> secret{};
};

/// A node's end of a connection, and the other end, where OpenSSL alone is.
struct node_and_browser {
  static inline std::optional<offer> offered;

  swarm_key secret = *swarm_key::make();
  swarm_keys keys;
  unique_descriptor here;
  unique_descriptor there;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> client{nullptr, &SSL_free};
  std::unique_ptr<tls_connection> node;

  node_and_browser() {
    offered.reset();
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    here = unique_descriptor(ends[0]);
    there = unique_descriptor(ends[1]);
    REQUIRE(keys.replace({secret}).has_value());
    SSL_CTX_set_psk_use_session_callback(context.get(), &name_key);
  }

  /// The key of the node, or what is called so.
  void offer_key(std::string name, byte_view bytes) {
    offered.emplace();
    offered->name = std::move(name);
    std::ranges::copy(bytes, offered->secret.begin());
  }
  std::string id() const { return {secret.id().bytes.begin(), secret.id().bytes.end()}; }

  static int name_key(SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* id_bytes, SSL_SESSION** session) {
    *session = nullptr;
    if (!offered) return 1;
    const std::array<unsigned char, 2> suite{0x13, 0x01};
    *session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(*session, offered->secret.data(), offered->secret.size());
    SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite.data()));
    SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
    *id = reinterpret_cast<const unsigned char*>(offered->name.data());
    *id_bytes = offered->name.size();
    return 1;
  }

  /// Both sides are content.
  bool shake_hands() {
    client.reset(SSL_new(context.get()));
    SSL_set_fd(client.get(), there.get());
    SSL_set_connect_state(client.get());
    node = tls_connection::as_server(keys, here.get());
    bool done = false;
    for (int turn = 0; turn < 10; ++turn) {
      const int code = SSL_do_handshake(client.get());
      if (code != 1 && SSL_get_error(client.get(), code) != SSL_ERROR_WANT_READ) return false;
      if (code == 1 && done) return true;
      const auto step = node->handshake();
      if (step == tls_connection::step::failed) {
        // The alert.
        (void)SSL_do_handshake(client.get());
        return false;
      }
      done = step == tls_connection::step::done;
    }
    return false;
  }

  bool saw_certificate() const { return SSL_get0_peer_certificate(client.get()) != nullptr; }
};

}  // namespace

TEST_CASE("who calls without a key is shown the certificate, and has proven nothing", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  REQUIRE(w.shake_hands());
  CHECK_FALSE(w.node->key());
  REQUIRE(w.saw_certificate());
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned bytes = 0;
  REQUIRE(X509_digest(SSL_get0_peer_certificate(w.client.get()), EVP_sha256(), hash.data(), &bytes) == 1);
  const std::string fingerprint = w.keys.shown()->fingerprint();
  CHECK(fingerprint.size() == 3 * 32 - 1);
  CHECK(std::stoi(fingerprint.substr(0, 2), nullptr, 16) == hash[0]);
  CHECK(std::stoi(fingerprint.substr(93, 2), nullptr, 16) == hash[31]);
  REQUIRE(SSL_write(w.client.get(), "GET", 3) == 3);
  std::array<std::uint8_t, 8> space{};
  CHECK(w.node->recv_some(space).bytes == 3);
  // No ticket came.
  CHECK(SSL_read(w.client.get(), space.data(), 1) != 1);
  CHECK(SSL_SESSION_has_ticket(SSL_get0_session(w.client.get())) == 0);
}

TEST_CASE("without a certificate nobody comes in without a key", "[tls_connection]") {
  node_and_browser w;
  CHECK_FALSE(w.shake_hands());
  CHECK_FALSE(w.saw_certificate());
}

TEST_CASE("a node with another key sees an alert and no certificate", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  const swarm_key other = *swarm_key::make();
  w.offer_key({other.id().bytes.begin(), other.id().bytes.end()}, other.secret());
  CHECK_FALSE(w.shake_hands());
  CHECK_FALSE(w.saw_certificate());
}

TEST_CASE("who knows the id of the key and not the key sees no certificate either", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  w.offer_key(w.id(), std::array<std::uint8_t, swarm_key::secret_bytes>{});
  CHECK_FALSE(w.shake_hands());
  CHECK_FALSE(w.saw_certificate());
}

TEST_CASE("who has the key proves it, and sees no certificate", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  w.offer_key(w.id(), w.secret.secret());
  REQUIRE(w.shake_hands());
  CHECK(w.node->key() == w.secret.id());
  CHECK_FALSE(w.saw_certificate());
}

TEST_CASE("a browser that names a session with an earlier server is shown the certificate", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  w.offer_key(std::string(200, 't'), std::array<std::uint8_t, swarm_key::secret_bytes>{});
  REQUIRE(w.shake_hands());
  CHECK_FALSE(w.node->key());
  CHECK(w.saw_certificate());
}

TEST_CASE("of the protocols of a browser HTTP/1.1 is chosen", "[tls_connection]") {
  for (const auto& [protocols, expected] : {std::pair(std::string("\x02h2\x08http/1.1"), "http/1.1"),
                                            std::pair(std::string("\x02h2"), ""), std::pair(std::string(), "none")}) {
    node_and_browser w;
    w.keys.show(new_certificate());
    SSL_CTX_set_alpn_protos(w.context.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
    CHECK(w.shake_hands() == (*expected != '\0'));
    const unsigned char* chosen = nullptr;
    unsigned bytes = 0;
    SSL_get0_alpn_selected(w.client.get(), &chosen, &bytes);
    if (bytes > 0) CHECK(std::string(reinterpret_cast<const char*>(chosen), bytes) == expected);
    CHECK((bytes > 0) == (std::string(expected) == "http/1.1"));
  }
}

TEST_CASE("an older TLS is not spoken", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  SSL_CTX_set_max_proto_version(w.context.get(), TLS1_2_VERSION);
  CHECK_FALSE(w.shake_hands());
  CHECK_FALSE(w.saw_certificate());
  CHECK(w.node->failure().code == errc::protocol);
}

TEST_CASE("a greeting as long as that of a browser is read, and a much longer one is not", "[tls_connection]") {
  for (const std::size_t bytes : {1800u, 6000u}) {
    static std::string padding;
    padding.assign(bytes, 'x');
    const auto add = [](SSL*, unsigned, unsigned, const unsigned char** out, std::size_t* count, X509*, std::size_t,
                        int*, void*) {
      *out = reinterpret_cast<const unsigned char*>(padding.data());
      *count = padding.size();
      return 1;
    };
    node_and_browser w;
    w.keys.show(new_certificate());
    // Private use (RFC 8446, 11).
    REQUIRE(SSL_CTX_add_custom_ext(w.context.get(), 0xff55, SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ONLY, add, nullptr,
                                   nullptr, nullptr, nullptr) == 1);
    CHECK(w.shake_hands() == (bytes < 4000));
  }
}

TEST_CASE("who came without a key and updates its keys is sent away", "[tls_connection]") {
  node_and_browser w;
  w.keys.show(new_certificate());
  REQUIRE(w.shake_hands());
  REQUIRE(SSL_key_update(w.client.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  REQUIRE(SSL_write(w.client.get(), "x", 1) == 1);
  std::array<std::uint8_t, 8> space{};
  CHECK(w.node->recv_some(space).is_over());
}

TEST_CASE("a node that dials takes no certificate in place of the key", "[tls_connection]") {
  node_and_browser w;
  const certificate impostor = new_certificate();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const std::unique_ptr<SSL, void (*)(SSL*)> server(SSL_new(context.get()), &SSL_free);
  REQUIRE(impostor.show_on(server.get()));
  SSL_set_fd(server.get(), w.there.get());
  SSL_set_accept_state(server.get());
  w.node = tls_connection::as_client(w.keys, w.secret, w.here.get());
  auto step = tls_connection::step::wants_read;
  for (int turn = 0; turn < 10 && step == tls_connection::step::wants_read; ++turn) {
    step = w.node->handshake();
    (void)SSL_do_handshake(server.get());
  }
  CHECK(step == tls_connection::step::failed);
  CHECK(w.node->failure().code == errc::permission);
}
