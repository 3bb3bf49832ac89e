#include "core/swarm_key.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "core/base64.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

constexpr std::string_view line_begins = "shoal-swarm-key-1 ";
// Keeps the hash apart from every other use of the secret.
constexpr std::string_view id_label = "shoal swarm key id";

key_id id_of(byte_view secret) {
  byte_buffer labelled(id_label.begin(), id_label.end());
  labelled.insert(labelled.end(), secret.begin(), secret.end());
  const digest hash = sha256(labelled);
  OPENSSL_cleanse(labelled.data(), labelled.size());
  return *key_id::from_bytes(hash.view().first(key_id::size));
}

error malformed(std::size_t line, const std::string& why) {
  return {errc::malformed, "line " + std::to_string(line) + " " + why};
}

}  // namespace

swarm_key::swarm_key(const std::array<std::uint8_t, secret_bytes>& secret) : secret_(secret), id_(id_of(secret)) {}

swarm_key::~swarm_key() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

result<swarm_key> swarm_key::make() {
  std::array<std::uint8_t, secret_bytes> secret{};
  if (RAND_priv_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
    return error{errc::internal, "the system has no random bytes for a key"};
  }
  swarm_key made(secret);
  OPENSSL_cleanse(secret.data(), secret.size());
  return made;
}

std::string swarm_key::line() const {
  return std::string(line_begins) + to_base64(secret_) + "\n";
}

result<std::vector<swarm_key>> parse_swarm_keys(std::string_view text) {
  std::vector<swarm_key> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("shoal-publisher-")) {
      return malformed(number, "is the key of a publisher, and not of a swarm");
    }
    if (!line.starts_with(line_begins)) return malformed(number, "is not a swarm key: name a file that keygen made");
    auto bytes = from_base64(line.substr(line_begins.size()));
    if (!bytes || bytes->size() != swarm_key::secret_bytes) {
      return malformed(number, "is not a whole swarm key: copy the file again");
    }
    std::array<std::uint8_t, swarm_key::secret_bytes> secret{};
    std::ranges::copy(*bytes, secret.begin());
    OPENSSL_cleanse(bytes->data(), bytes->size());
    keys.emplace_back(secret);
    OPENSSL_cleanse(secret.data(), secret.size());
    if (keys.size() > swarm_keys_max) {
      return malformed(number, "is one key too many: at most " + std::to_string(swarm_keys_max) + " are accepted");
    }
  }
  if (keys.empty()) return error{errc::malformed, "it holds no swarm key: name a file that keygen made"};
  return keys;
}

}  // namespace shoal
