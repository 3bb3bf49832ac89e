#include "core/publisher_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

#include "core/base64.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

constexpr std::string_view line_begins = "shoal-publisher-key-1 ";
constexpr std::size_t fingerprint_bytes = 16;

struct free_key {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct free_context {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, free_key>;
using context_ptr = std::unique_ptr<EVP_MD_CTX, free_context>;

error malformed(const std::string& why) {
  return {errc::malformed, "it is no key file of a publisher: " + why};
}

/// The only line of the text that is neither empty nor a comment; "" if there is none, nothing if there are several.
std::optional<std::string_view> only_line(std::string_view text) {
  std::string_view found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (!found.empty()) return std::nullopt;
    found = line;
  }
  return found;
}

}  // namespace

std::string fingerprint(const publisher_key& key) {
  return to_hex(sha256(key.view()).view().first(fingerprint_bytes));
}

bool is_signed_by(const publisher_key& key, byte_view text, const publisher_signature& signature) {
  const key_ptr known(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const context_ptr context(EVP_MD_CTX_new());
  if (!known || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(), text.data(), text.size()) == 1;
}

publisher_secret::~publisher_secret() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

result<publisher_secret> publisher_secret::make() {
  publisher_secret made({});
  if (RAND_priv_bytes(made.secret_.data(), static_cast<int>(made.secret_.size())) != 1) {
    return error{errc::internal, "the system has no random bytes for a key"};
  }
  if (const auto done = made.complete(); !done) return done.error();
  return made;
}

result<publisher_secret> publisher_secret::parse(std::string_view text) {
  const auto line = only_line(text);
  if (!line) return malformed("it has more than one line");
  if (line->empty()) return malformed("it is empty");
  if (line->starts_with("shoal-publisher-1 ")) return malformed("it holds a public key, which only trust lists need");
  if (line->starts_with("shoal-swarm-key-")) return malformed("it holds the key of a private swarm");
  if (!line->starts_with(line_begins)) return malformed("it does not begin with shoal-publisher-key-1");
  auto bytes = from_base64(line->substr(line_begins.size()));
  if (!bytes || bytes->size() != secret_bytes) return malformed("the key is not whole, copy the file again");
  publisher_secret read({});
  std::ranges::copy(*bytes, read.secret_.begin());
  OPENSSL_cleanse(bytes->data(), bytes->size());
  if (const auto done = read.complete(); !done) return done.error();
  return read;
}

result<void> publisher_secret::complete() {
  const key_ptr own(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret_.data(), secret_.size()));
  std::size_t length = key_.bytes.size();
  if (own && EVP_PKEY_get_raw_public_key(own.get(), key_.bytes.data(), &length) == 1) return {};
  return error{errc::internal, "OpenSSL cannot use Ed25519 keys here"};
}

std::string publisher_secret::line() const {
  return std::string(line_begins) + to_base64(secret_) + "\n";
}

result<publisher_signature> publisher_secret::sign(byte_view text) const {
  const key_ptr own(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret_.data(), secret_.size()));
  const context_ptr context(EVP_MD_CTX_new());
  publisher_signature made;
  std::size_t length = made.bytes.size();
  const bool signed_it = own && context &&
                         EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, own.get()) == 1 &&
                         EVP_DigestSign(context.get(), made.bytes.data(), &length, text.data(), text.size()) == 1;
  if (signed_it && length == made.bytes.size()) return made;
  return error{errc::internal, "OpenSSL cannot sign with Ed25519 here"};
}

}  // namespace shoal
