#include "net/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <utility>

#include "core/bytes.hpp"
#include "core/sha256.hpp"
#include "net/tls_library.hpp"

namespace shoal {

namespace {

/// What the subject is called. Clients look at the alternative names alone (RFC 9110, 4.3.4).
constexpr const char* subject = "localhost";
/// Clocks of clients may be slow.
constexpr int days_before = 1;
/// A serial number that no other certificate of this subject has (RFC 5280, 4.1.2.2).
constexpr std::size_t serial_bytes = 16;
/// Certificates between that of the node and the authority. Real chains have one or two.
constexpr std::size_t issuers_max = 8;

template <class Type, void (*free_it)(Type*)>
struct free_by {
  void operator()(Type* one) const { free_it(one); }
};
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, free_by<GENERAL_NAMES, &GENERAL_NAMES_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, free_by<X509_EXTENSION, &X509_EXTENSION_free>>;
struct bio_free {
  void operator()(BIO* one) const { BIO_free(one); }
};
using bio_ptr = std::unique_ptr<BIO, bio_free>;

bio_ptr reader_of(const std::string& text) {
  return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_in(BIO* memory) {
  char* text = nullptr;
  const long bytes = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(bytes)};
}

/// OpenSSL would ask at the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

OSSL_LIB_CTX* library() {
  return tls_library::of_process().context();
}

error no_certificate() {
  ERR_clear_error();
  return {errc::internal, "OpenSSL cannot make a certificate"};
}

bool add_name(GENERAL_NAMES* names, const std::string& name) {
  GENERAL_NAME* one = GENERAL_NAME_new();
  if (one == nullptr || sk_GENERAL_NAME_push(names, one) <= 0) {
    GENERAL_NAME_free(one);
    return false;
  }
  if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str())) {
    GENERAL_NAME_set0_value(one, GEN_IPADD, address);
    return true;
  }
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  GENERAL_NAME_set0_value(one, GEN_DNS, text);
  return text != nullptr && ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) == 1;
}

bool add_names(X509* to, const std::vector<std::string>& names) {
  const general_names_ptr all(sk_GENERAL_NAME_new_null());
  for (const char* always : {"localhost", "127.0.0.1", "::1"}) {
    if (!add_name(all.get(), always)) return false;
  }
  for (const std::string& name : names) {
    if (!add_name(all.get(), name)) return false;
  }
  return X509_add1_ext_i2d(to, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* to, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
  const extension_ptr one(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return one != nullptr && X509_add_ext(to, one.get(), -1) == 1;
}

bool fill_in(X509* made, EVP_PKEY* key, const std::vector<std::string>& names) {
  std::array<unsigned char, serial_bytes> serial{};
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
  serial[0] = (serial[0] & 0x7f) | 0x40;  // positive, and of one length
  X509_NAME* name = X509_get_subject_name(made);
  const auto* const text = reinterpret_cast<const unsigned char*>(subject);
  return X509_set_version(made, X509_VERSION_3) == 1 &&
         ASN1_STRING_set(X509_get_serialNumber(made), serial.data(), static_cast<int>(serial.size())) == 1 &&
         X509_time_adj_ex(X509_getm_notBefore(made), -days_before, 0, nullptr) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(made), certificate::own_days, 0, nullptr) != nullptr &&
         X509_set_pubkey(made, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(made, name) == 1 && add_names(made, names) &&
         add_extension(made, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(made, NID_ext_key_usage, "serverAuth") &&
         add_extension(made, NID_subject_key_identifier, "hash") && X509_sign(made, key, EVP_sha256()) > 0;
}

std::string fingerprint_of(X509* of) {
  unsigned char* encoded = nullptr;
  const int bytes = i2d_X509(of, &encoded);
  if (bytes <= 0) return {};
  const digest hash = sha256({encoded, static_cast<std::size_t>(bytes)});
  OPENSSL_free(encoded);
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : hash.bytes) {
    if (!text.empty()) text += ':';
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

}  // namespace

void certificate::release::operator()(X509* one) const {
  X509_free(one);
}

void certificate::release::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}

certificate::key_ptr certificate::parse_key(const std::string& text) {
  const bio_ptr from = reader_of(text);
  return key_ptr(PEM_read_bio_PrivateKey_ex(from.get(), nullptr, &no_password, nullptr, library(), nullptr));
}

result<certificate> certificate::parse(const std::string& chain, const std::string& key) {
  certificate made;
  const bio_ptr from = reader_of(chain);
  while (made.issuers_.size() <= issuers_max) {
    x509_ptr one(X509_new_ex(library(), nullptr));
    X509* into = one.get();
    if (PEM_read_bio_X509(from.get(), &into, &no_password, nullptr) == nullptr) {
      // It frees what it cannot fill.
      if (into == nullptr) (void)one.release();
      break;
    }
    if (made.own_) {
      made.issuers_.push_back(std::move(one));
    } else {
      made.own_ = std::move(one);
    }
  }
  made.key_ = parse_key(key);
  const bool belong = made.own_ && made.key_ && X509_check_private_key(made.own_.get(), made.key_.get()) == 1;
  ERR_clear_error();
  if (!made.own_) return error{errc::malformed, "it holds no certificate (PEM)"};
  if (!made.key_) return error{errc::malformed, "its key file holds no private key without a password (PEM)"};
  if (!belong) return error{errc::malformed, "the certificate is not one for this private key"};
  made.fingerprint_ = fingerprint_of(made.own_.get());
  return made;
}

result<std::string> certificate::make_key() {
  const key_ptr made(EVP_PKEY_Q_keygen(library(), nullptr, "EC", "P-256"));
  const bio_ptr memory(BIO_new(BIO_s_secmem()));
  if (!made || PEM_write_bio_PrivateKey(memory.get(), made.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return no_certificate();
  }
  return text_in(memory.get());
}

result<std::string> certificate::make(const std::string& key, const std::vector<std::string>& names) {
  const key_ptr secret = parse_key(key);
  if (!secret) {
    ERR_clear_error();
    return error{errc::malformed, "it holds no private key without a password (PEM)"};
  }
  const x509_ptr made(X509_new_ex(library(), nullptr));
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  if (!made || !fill_in(made.get(), secret.get(), names) || PEM_write_bio_X509(memory.get(), made.get()) != 1) {
    return no_certificate();
  }
  // Of names that are no addresses.
  ERR_clear_error();
  return text_in(memory.get());
}

bool certificate::show_on(SSL* connection) const {
  if (SSL_use_certificate(connection, own_.get()) != 1 || SSL_use_PrivateKey(connection, key_.get()) != 1) return false;
  for (const x509_ptr& one : issuers_) {
    if (SSL_add1_chain_cert(connection, one.get()) != 1) return false;
  }
  return true;
}

}  // namespace shoal
