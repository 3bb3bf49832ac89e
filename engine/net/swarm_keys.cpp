#include "net/swarm_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "net/tls_connection.hpp"
#include "net/tls_library.hpp"
#include "store/printable.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace {

/// Read from the socket at a time, ahead of what a reader asks for. Given back while nothing comes.
constexpr std::size_t read_ahead_bytes = 128 * KiB;

void add_new(std::vector<swarm_key>& keys, const std::vector<swarm_key>& further) {
  for (const swarm_key& one : further) {
    const bool known = std::ranges::any_of(keys, [&](const swarm_key& other) { return other.id() == one.id(); });
    if (!known) keys.push_back(one);
  }
}

}  // namespace

void swarm_keys::context_free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

swarm_keys::swarm_keys() = default;

swarm_keys::~swarm_keys() = default;

result<void> swarm_keys::prepare() {
  if (context_) return {};
  std::unique_ptr<SSL_CTX, context_free> made(
      SSL_CTX_new_ex(tls_library::of_process().context(), tls_library::preferred(), TLS_method()));
  SSL_CTX* context = made.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
    return error{errc::internal, "a private swarm needs TLS 1.3, which the OpenSSL of this machine does not offer"};
  }
  // A machine in FIPS mode has no X25519.
  if (SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519") != 1) {
    return error{errc::internal,
                 "a private swarm needs X25519 and AES-128-GCM, which the OpenSSL of this machine does not offer"};
  }
  SSL_CTX_set_options(context, SSL_OP_ENABLE_KTLS | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);
  SSL_CTX_set_psk_use_session_callback(context, &tls_connection::use_session);
  SSL_CTX_set_psk_find_session_callback(context, &tls_connection::find_session);
  SSL_CTX_set_cert_cb(context, &tls_connection::show_certificate, nullptr);
  SSL_CTX_set_alpn_select_cb(context, &tls_connection::choose_protocol, nullptr);
  context_ = std::move(made);
  return {};
}

result<void> swarm_keys::replace(std::vector<swarm_key> keys) {
  SHOAL_ASSERT(!keys.empty());
  if (auto prepared = prepare(); !prepared) return prepared;
  keys_ = std::move(keys);
  return {};
}

const swarm_key* swarm_keys::find(const key_id& id) const {
  const auto found = std::ranges::find(keys_, id, &swarm_key::id);
  return found == keys_.end() ? nullptr : &*found;
}

result<std::vector<swarm_key>> read_swarm_keys(const std::vector<std::string>& paths) {
  std::vector<swarm_key> keys;
  for (const std::string& path : paths) {
    auto text = read_secret_file(path);
    if (!text) return within("cannot use the key file", text.error());
    const auto read = parse_swarm_keys(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (!read) return within("cannot use the key file " + printable(path), read.error());
    add_new(keys, *read);
  }
  if (keys.size() > swarm_keys_max) {
    return error{errc::limit, "at most " + std::to_string(swarm_keys_max) + " swarm keys are accepted at once"};
  }
  return keys;
}

}  // namespace shoal
