// What bench/limit does with --tls: the same copy through TLS 1.3 as a private swarm has it, with OpenSSL on bare
// blocking sockets.
//
// AES-128-GCM, an external pre-shared key, records of 16 KiB, the file read in steps of 64 KiB. Each object belongs to
// one thread of one of the two processes. What fails ends the program.
#pragma once

#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <vector>

namespace shoal::limit {

class tls_socket {
 public:
  static constexpr std::size_t read_ahead_bytes = 128 * 1024;

  tls_socket(int socket, bool accepts) : context_(SSL_CTX_new(TLS_method()), &SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context_.get(), "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_num_tickets(context_.get(), 0);
    SSL_CTX_set_read_ahead(context_.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context_.get(), read_ahead_bytes);
    SSL_CTX_set_psk_use_session_callback(context_.get(), [](SSL* ssl, const EVP_MD*, const unsigned char** id,
                                                            std::size_t* id_bytes, SSL_SESSION** session) {
      static constexpr unsigned char name[] = {'l', 'i', 'm', 'i', 't'};
      *id = name;
      *id_bytes = sizeof name;
      *session = made_session(ssl);
      return 1;
    });
    SSL_CTX_set_psk_find_session_callback(context_.get(),
                                          [](SSL* ssl, const unsigned char*, std::size_t, SSL_SESSION** session) {
                                            *session = made_session(ssl);
                                            return 1;
                                          });
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket);
    const int code = accepts ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get());
    if (code != 1) die();
  }

  void write(const std::uint8_t* from, std::size_t bytes) {
    std::size_t sent = 0;
    if (SSL_write_ex(ssl_.get(), from, bytes, &sent) != 1 || sent != bytes) die();
  }
  void read(std::uint8_t* to, std::size_t bytes) {
    while (bytes > 0) {
      std::size_t got = 0;
      if (SSL_read_ex(ssl_.get(), to, bytes, &got) != 1) die();
      to += got;
      bytes -= got;
    }
  }

 private:
  struct ssl_free {
    void operator()(SSL* one) const { SSL_free(one); }
  };

  [[noreturn]] static void die() {
    std::cerr << "limit: TLS fails\n";
    std::exit(1);
  }
  static SSL_SESSION* made_session(SSL* ssl) {
    static constexpr std::array<unsigned char, 32> secret{1, 2, 3};
    static constexpr unsigned char suite[] = {0x13, 0x01};
    SSL_SESSION* session = SSL_SESSION_new();
    SSL_SESSION_set1_master_key(session, secret.data(), secret.size());
    SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite));
    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION);
    return session;
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, ssl_free> ssl_;
};

/// Sends so many bytes of a file from `offset` on.
class tls_file_sender {
 public:
  explicit tls_file_sender(int socket) : socket_(socket, true) {}

  void send_header(const std::uint8_t* bytes, std::size_t count) { socket_.write(bytes, count); }
  bool send_file(int file, off_t offset, std::uint64_t bytes) {
    while (bytes > 0) {
      const auto got = ::pread(file, space_.data(), std::min<std::uint64_t>(space_.size(), bytes), offset);
      if (got <= 0) return false;
      socket_.write(space_.data(), static_cast<std::size_t>(got));
      offset += got;
      bytes -= static_cast<std::uint64_t>(got);
    }
    return true;
  }

 private:
  tls_socket socket_;
  std::vector<std::uint8_t> space_ = std::vector<std::uint8_t>(64 * 1024);
};

/// Reads a stream of piece messages and leaves only their payload.
class tls_payload_reader {
 public:
  tls_payload_reader(int socket, std::size_t request_bytes, std::size_t header_bytes)
      : socket_(socket, false), request_bytes_(request_bytes), header_(header_bytes) {}

  void read(std::uint8_t* to, std::size_t bytes) {
    while (bytes > 0) {
      if (left_ == 0) {
        socket_.read(header_.data(), header_.size());
        left_ = request_bytes_;
      }
      const std::size_t part = std::min(bytes, left_);
      socket_.read(to, part);
      to += part;
      bytes -= part;
      left_ -= part;
    }
  }

 private:
  tls_socket socket_;
  std::size_t request_bytes_;
  std::size_t left_ = 0;
  std::vector<std::uint8_t> header_;
};

}  // namespace shoal::limit
