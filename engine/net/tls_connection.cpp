#include "net/tls_connection.hpp"

#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace shoal {

namespace {

/// TLS_AES_128_GCM_SHA256 (RFC 8446, B.4): its hash is the one that a pre-shared key is bound to (4.2.11).
constexpr std::array<unsigned char, 2> suite{0x13, 0x01};
/// Payload of one record at most (RFC 8446, 5.1).
constexpr std::size_t record_payload_max = 16 * KiB;
/// Read at once, if there is little in them.
constexpr std::size_t records_at_once = 64;
/// Read of a file at a time: a few records, so that a socket that takes only one wastes little.
constexpr std::size_t file_bytes = 64 * KiB;
/// Payload under one traffic key. AES-GCM bears 2^24.5 full records (RFC 8446, 5.5). After this the connection ends,
/// and a new one has a new key.
constexpr std::uint64_t payload_max = std::uint64_t{256} << 30;

/// Of what a stranger says before the end of the handshake, bytes that are read. Our own takes some 300, twice if the
/// groups have to be settled. That of a browser takes 2,000, because it brings a key share against quantum computers of
/// 1,216 (X25519MLKEM768). OpenSSL takes 128 KiB, and compares each key share in it with each group.
constexpr std::size_t handshake_bytes_max = 4 * KiB;

/// ALPN (RFC 7301), as on the wire: its length and "http/1.1".
constexpr std::string_view known_protocol = "\x08http/1.1";

// What a retry of OpenSSL's write is given: it looks only at the length.
constexpr std::array<std::uint8_t, record_payload_max> anything{};

tls_connection* connection_of(SSL* ssl) {
  return static_cast<tls_connection*>(SSL_get_app_data(ssl));
}

SSL_SESSION* session_with(SSL* ssl, const swarm_key& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  const bool made = session != nullptr &&
                    SSL_SESSION_set1_master_key(session, key.secret().data(), key.secret().size()) == 1 &&
                    SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite.data())) == 1 &&
                    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1;
  if (made) return session;
  SSL_SESSION_free(session);
  return nullptr;
}

int flags_of(bool more) {
  return MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
}

// Setting it again sends what was held back.
void send_held(int socket) {
  constexpr int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// OpenSSL's own sockets raise SIGPIPE, and know no MSG_MORE.
int write_socket(BIO* bio, const char* bytes, int count) {
  auto* use = static_cast<tls_socket_use*>(BIO_get_app_data(bio));
  int socket = -1;
  BIO_get_fd(bio, &socket);
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(socket, bytes, static_cast<std::size_t>(count), flags_of(use->more));
  if (sent > 0) use->holds = use->more;
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_write(bio);
    // While nothing is on its way, no acknowledgement would make the kernel send it.
    if (std::exchange(use->holds, false)) send_held(socket);
  }
  return static_cast<int>(sent);
}

// The kernel encrypts, and OpenSSL's own method knows how to tell it the type of a record.
int write_socket_or_kernel(BIO* bio, const char* bytes, int count) {
  static const auto of_openssl = BIO_meth_get_write(BIO_s_socket());
  return BIO_get_ktls_send(bio) ? of_openssl(bio, bytes, count) : write_socket(bio, bytes, count);
}

int read_socket(BIO* bio, char* into, int count) {
  static const auto of_openssl = BIO_meth_get_read(BIO_s_socket());
  auto* use = static_cast<tls_socket_use*>(BIO_get_app_data(bio));
  BIO_clear_retry_flags(bio);
  if (use->readable == 0) return -1;
  const int got =
      of_openssl(bio, into, static_cast<int>(std::min<std::size_t>(use->readable, static_cast<std::size_t>(count))));
  if (got > 0) use->readable -= static_cast<std::size_t>(got);
  return got;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const made = [] {
    const BIO_METHOD* base = BIO_s_socket();
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    BIO_meth_set_write(method, &write_socket_or_kernel);
    BIO_meth_set_read(method, &read_socket);
    BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(base));
    BIO_meth_set_create(method, BIO_meth_get_create(base));
    BIO_meth_set_destroy(method, BIO_meth_get_destroy(base));
    return method;
  }();
  return made;
}

}  // namespace

void tls_connection::ssl_free::operator()(SSL* connection) const {
  SSL_free(connection);
}

tls_connection::tls_connection(const swarm_keys& keys, int socket) : keys_(keys), ssl_(SSL_new(keys.context())) {
  SSL_set_app_data(ssl_.get(), this);
  BIO* bio = BIO_new(socket_method());
  BIO_set_fd(bio, socket, BIO_NOCLOSE);
  BIO_set_app_data(bio, &use_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_msg_callback(ssl_.get(), &on_message);
}

tls_connection::~tls_connection() = default;

std::unique_ptr<tls_connection> tls_connection::as_client(const swarm_keys& keys, const swarm_key& offered,
                                                          int socket) {
  std::unique_ptr<tls_connection> made(new tls_connection(keys, socket));
  made->offered_ = offered.id();
  SSL_set_connect_state(made->ssl_.get());
  // A server that shows a certificate instead of the key is not of this swarm: no certificate is trusted here.
  SSL_set_verify(made->ssl_.get(), SSL_VERIFY_PEER, nullptr);
  return made;
}

std::unique_ptr<tls_connection> tls_connection::as_server(const swarm_keys& keys, int socket) {
  std::unique_ptr<tls_connection> made(new tls_connection(keys, socket));
  SSL_set_accept_state(made->ssl_.get());
  made->use_.readable = handshake_bytes_max;
  return made;
}

int tls_connection::use_session(SSL* ssl, const EVP_MD* hash, const unsigned char** id, std::size_t* id_bytes,
                                SSL_SESSION** session) {
  tls_connection* self = connection_of(ssl);
  *session = nullptr;
  const swarm_key* key = self->offered_ ? self->keys_.find(*self->offered_) : nullptr;
  // Asked again for a second ClientHello, with the hash of the suite that the server chose.
  if (key == nullptr || (hash != nullptr && EVP_MD_get_type(hash) != NID_sha256)) return 0;
  *session = session_with(ssl, *key);
  *id = self->offered_->bytes.data();
  *id_bytes = key_id::size;
  return *session != nullptr;
}

int tls_connection::find_session(SSL* ssl, const unsigned char* id, std::size_t id_bytes, SSL_SESSION** session) {
  tls_connection* self = connection_of(ssl);
  *session = nullptr;
  const auto named = key_id::from_bytes({id, id_bytes});
  const swarm_key* key = named ? self->keys_.find(*named) : nullptr;
  if (key != nullptr) {
    self->offered_ = *named;
    *session = session_with(ssl, *key);
  } else if (named) {
    // A browser may name a session with a server that stood here earlier (RFC 8446, 2.2). Such names are longer.
    self->names_other_key_ = true;
  }
  return 1;
}

int tls_connection::show_certificate(SSL* ssl, void*) {
  // OpenSSL asks only if no key was accepted. Without a certificate it ends the handshake with an alert.
  tls_connection* self = connection_of(ssl);
  const certificate* shown = self->keys_.shown();
  if (shown == nullptr || self->names_other_key_ || SSL_is_server(ssl) != 1) return 1;
  self->shows_certificate_ = true;
  return shown->show_on(ssl) ? 1 : 0;
}

int tls_connection::choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                                    const unsigned char* offered, unsigned offered_bytes, void*) {
  unsigned char* found = nullptr;
  const auto* const known = reinterpret_cast<const unsigned char*>(known_protocol.data());
  const int outcome = SSL_select_next_proto(&found, chosen_bytes, known, static_cast<unsigned>(known_protocol.size()),
                                            offered, offered_bytes);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void tls_connection::on_message(int is_sent, int, int type, const void*, std::size_t, SSL* ssl, void*) {
  if (is_sent != 0 || type != SSL3_RT_HANDSHAKE || !connection_of(ssl)->is_done_) return;
  // A key update. Our nodes send none, and browsers none before 2^24 records. OpenSSL works off a flood of them within
  // one call, which never returns. This makes it throw away what follows.
  SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

bool tls_connection::accept() {
  // OpenSSL counts an external key as a resumed session. Nothing else has proven that the other side has our key.
  if (SSL_session_reused(ssl_.get()) != 1) return shows_certificate_;
  // The keys may have changed since it was named.
  if (!offered_ || keys_.find(*offered_) == nullptr) return false;
  key_ = offered_;
  return true;
}

tls_connection::step tls_connection::handshake() {
  ERR_clear_error();
  const int code = SSL_do_handshake(ssl_.get());
  if (code == 1) {
    if (!accept()) return step::failed;
    is_done_ = true;
    use_.readable = std::numeric_limits<std::size_t>::max();
    return step::done;
  }
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return step::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return step::wants_write;
    default:
      return step::failed;
  }
}

error tls_connection::failure() const {
  const unsigned long code = ERR_peek_error();
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return {errc::protocol, "it belongs to an open swarm, or is another program", remedy::without_key};
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return {errc::permission, "it does not trust the certificate"};
    default:
      break;
  }
  if (code == 0 || ERR_GET_LIB(code) == ERR_LIB_SYS) return {errc::unreachable, "the connection broke"};
  return {errc::permission, "it does not accept this key", remedy::other_key};
}

io_attempt tls_connection::nothing_from(int code) {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {.would_block = true};
    case SSL_ERROR_ZERO_RETURN:
      return {};
    case SSL_ERROR_SYSCALL:
      return {.error_number = errno != 0 ? errno : ECONNRESET};
    default:
      return {.error_number = EPROTO};
  }
}

io_attempt tls_connection::nothing_sent(int code) {
  io_attempt why = nothing_from(code);
  // OpenSSL says so of any failure once the other side has said that it sends no more. Of what we send it is no end.
  if (why.is_over() && why.error_number == 0) why.error_number = EPIPE;
  return why;
}

io_attempt tls_connection::recv_some(std::span<std::uint8_t> into) {
  std::size_t done = 0;
  drained_ = false;
  // Who sends a byte in each record gets no more of the thread's time at once than others do.
  for (std::size_t records = 0; done < into.size(); ++records) {
    if (records >= records_at_once && done < records * tls_small_record_bytes) break;
    ERR_clear_error();
    std::size_t got = 0;
    const int code = SSL_read_ex(ssl_.get(), into.data() + done, into.size() - done, &got);
    if (code == 1) {
      done += got;
      content_ += got;
      if (SSL_pending(ssl_.get()) == 0) ++records_;
      continue;
    }
    const io_attempt nothing = nothing_from(code);
    drained_ = nothing.would_block;
    if (done == 0) return nothing;
    break;
  }
  return {.bytes = done};
}

io_attempt tls_connection::peek(std::uint8_t& first) {
  ERR_clear_error();
  std::size_t got = 0;
  const int code = SSL_peek_ex(ssl_.get(), &first, 1, &got);
  drained_ = false;
  if (code == 1) return {.bytes = got};
  const io_attempt nothing = nothing_from(code);
  drained_ = nothing.would_block;
  return nothing;
}

std::optional<std::size_t> tls_connection::settle(std::size_t wanted, io_attempt& why) {
  if (unsent_ > 0) {
    ERR_clear_error();
    use_.more = false;
    std::size_t sent = 0;
    const int code = SSL_write_ex(ssl_.get(), anything.data(), unsent_, &sent);
    if (code != 1) {
      why = nothing_sent(code);
      return std::nullopt;
    }
    unsaid_ += std::exchange(unsent_, 0);
  }
  const std::size_t done = std::min(wanted, unsaid_);
  unsaid_ -= done;
  return done;
}

io_attempt tls_connection::send_records(byte_view bytes, std::size_t done, bool more) {
  while (!bytes.empty()) {
    const byte_view record = bytes.first(std::min(bytes.size(), record_payload_max));
    use_.more = more || record.size() < bytes.size();
    ERR_clear_error();
    std::size_t sent = 0;
    const int code = SSL_write_ex(ssl_.get(), record.data(), record.size(), &sent);
    if (code != 1) {
      const io_attempt nothing = nothing_sent(code);
      if (nothing.would_block) unsent_ = record.size();
      if (done == 0) return nothing;
      break;
    }
    done += sent;
    payload_ += sent;
    bytes = bytes.subspan(sent);
  }
  return {.bytes = done};
}

bool tls_connection::kernel_encrypts() const {
  return BIO_get_ktls_send(SSL_get_wbio(ssl_.get()));
}

io_attempt tls_connection::counted(io_attempt sent) {
  payload_ += sent.bytes;
  return sent;
}

io_attempt tls_connection::send_some(byte_view bytes, bool more) {
  if (payload_ >= payload_max) return {.error_number = ECONNRESET};
  if (kernel_encrypts())
    return counted(outcome_of(::send(SSL_get_fd(ssl_.get()), bytes.data(), bytes.size(), flags_of(more))));
  io_attempt why;
  const auto done = settle(bytes.size(), why);
  if (!done) return why;
  return send_records(bytes.subspan(*done), *done, more);
}

io_attempt tls_connection::send_file(int descriptor, std::uint64_t offset, std::size_t bytes) {
  if (payload_ >= payload_max) return {.error_number = ECONNRESET};
  if (kernel_encrypts()) {
    auto from = static_cast<off_t>(offset);
    return counted(outcome_of(::sendfile(SSL_get_fd(ssl_.get()), descriptor, &from, bytes)));
  }
  io_attempt why;
  const auto settled = settle(bytes, why);
  if (!settled) return why;
  std::size_t done = *settled;
  thread_local std::array<std::uint8_t, file_bytes> space;
  while (done < bytes && unsent_ == 0) {
    const auto got =
        ::pread(descriptor, space.data(), std::min(space.size(), bytes - done), static_cast<off_t>(offset + done));
    if (got <= 0) return done > 0 ? io_attempt{.bytes = done} : outcome_of(got);
    const auto read = static_cast<std::size_t>(got);
    const io_attempt sent = send_records(byte_view(space).first(read), 0, done + read < bytes);
    done += sent.bytes;
    if (sent.bytes == 0 && done == 0) return sent;
    if (sent.bytes < read) break;
  }
  return {.bytes = done};
}

void tls_connection::shutdown_send() {
  ERR_clear_error();
  use_.more = false;
  if (unsent_ == 0) (void)SSL_shutdown(ssl_.get());
}

}  // namespace shoal
