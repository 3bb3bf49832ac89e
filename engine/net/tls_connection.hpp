// TLS 1.3 on one TCP connection (RFC 8446). Nodes prove to each other that they have an external pre-shared key, and
// nothing else (section 4.2.11, psk_dhe_ke: what was recorded stays secret when the key becomes known later).
//
// Who calls without a key is no node. A server that has a certificate shows it, and has then proven itself alone.
// Part of net/stream, which owns the socket. Attempts never wait. After an attempt that would block, the next one of
// its kind offers the same bytes first: they are encrypted already. With kernel TLS, files are sent past this process's
// memory; otherwise they are encrypted here. No renegotiation, no tickets, no early data.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "net/io_attempt.hpp"
#include "net/swarm_keys.hpp"

struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace shoal {

/// The first byte of a TLS connection: a record of type handshake (RFC 8446, 5.1).
inline constexpr std::uint8_t tls_first_byte = 0x16;
/// Of a record that is on its way, this many bytes may be here and cannot be read yet (RFC 8446, 5.2).
inline constexpr std::uint32_t tls_record_bytes_max = 5 + 16 * KiB + 256;

/// A record with less content brings little for the time that it takes.
inline constexpr std::uint32_t tls_small_record_bytes = 512;

/// How OpenSSL may use the socket.
///
/// The kernel may hold back what is written, so that records share segments. A segment of its own for each record costs
/// half the processor time that OpenSSL takes to encrypt it.
struct tls_socket_use {
  bool more = false;                                               ///< something follows the record that is written now
  bool holds = false;                                              ///< the kernel may hold something back
  std::size_t readable = std::numeric_limits<std::size_t>::max();  ///< bytes that may still be read
};

class tls_connection {
 public:
  enum class step { done, wants_read, wants_write, failed };

  /// We connected, and offer `offered`. `keys` outlives this; `socket` does not block and stays open.
  static std::unique_ptr<tls_connection> as_client(const swarm_keys& keys, const swarm_key& offered, int socket);
  /// They connected.
  static std::unique_ptr<tls_connection> as_server(const swarm_keys& keys, int socket);
  ~tls_connection();
  tls_connection(const tls_connection&) = delete;
  tls_connection& operator=(const tls_connection&) = delete;

  /// One step of the handshake. Again after each wait, until it is done or has failed.
  step handshake();
  /// Why handshake() failed. errc::permission: one side does not accept the other's key or certificate. errc::protocol:
  /// the other side speaks no TLS. errc::unreachable: the connection broke.
  error failure() const;
  /// The key that both sides have proven to have; nothing before the end of the handshake. After it, nothing means:
  /// they called without a key, and we have shown our certificate.
  const std::optional<key_id>& key() const { return key_; }

  io_attempt recv_some(std::span<std::uint8_t> into);
  /// Leaves the byte there.
  io_attempt peek(std::uint8_t& first);
  io_attempt send_some(byte_view bytes, bool more);
  io_attempt send_file(int descriptor, std::uint64_t offset, std::size_t bytes);
  /// Tells the other side that nothing more comes (close_notify), if there is room.
  void shutdown_send();
  /// Records that were read, less one for each tls_small_record_bytes of content. To decrypt one takes a microsecond,
  /// however little is in it.
  std::int64_t small_records() const { return records_ - static_cast<std::int64_t>(content_ / tls_small_record_bytes); }
  /// Nothing can be read before more has come over the socket.
  bool is_drained() const { return drained_; }

 private:
  struct ssl_free {
    void operator()(SSL* connection) const;
  };

  tls_connection(const swarm_keys& keys, int socket);
  static int use_session(SSL* connection, const EVP_MD* hash, const unsigned char** id, std::size_t* id_bytes,
                         ssl_session_st** session);
  static int find_session(SSL* connection, const unsigned char* id, std::size_t id_bytes, ssl_session_st** session);
  static int show_certificate(SSL* connection, void* nothing);
  static int choose_protocol(SSL* connection, const unsigned char** chosen, unsigned char* chosen_bytes,
                             const unsigned char* offered, unsigned offered_bytes, void* nothing);
  static void on_message(int is_sent, int version, int type, const void* bytes, std::size_t count, SSL* connection,
                         void* nothing);
  friend class swarm_keys;

  /// What the handshake has proven is enough.
  bool accept();
  /// Why the call that returned `code` did nothing.
  io_attempt nothing_from(int code);
  /// The same for a call that sends: never the end of what is read.
  io_attempt nothing_sent(int code);
  /// Sends what is encrypted already, and takes it off `wanted` bytes. Nothing: it would block or has failed.
  std::optional<std::size_t> settle(std::size_t wanted, io_attempt& why);
  /// Encrypts and sends. `more`: something follows the last record at once.
  io_attempt send_records(byte_view bytes, std::size_t done, bool more);
  /// Then this class does nothing but receive: what is sent goes to the socket as it is.
  bool kernel_encrypts() const;
  io_attempt counted(io_attempt sent);

  const swarm_keys& keys_;
  tls_socket_use use_;
  std::unique_ptr<SSL, ssl_free> ssl_;
  std::optional<key_id> offered_;
  std::optional<key_id> key_;
  bool names_other_key_ = false;  ///< a node, of another swarm
  bool shows_certificate_ = false;
  bool is_done_ = false;       ///< with the handshake
  std::size_t unsent_ = 0;     ///< bytes of the record that is encrypted and not wholly sent
  std::size_t unsaid_ = 0;     ///< bytes that are sent, and of which the caller was not told
  std::uint64_t payload_ = 0;  ///< bytes sent
  std::int64_t records_ = 0;   ///< that were read to their end
  std::uint64_t content_ = 0;  ///< bytes of them
  bool drained_ = false;
};

}  // namespace shoal
