#include "net/tls_library.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <random>

#include "core/bytes.hpp"

using namespace shoal;

namespace {

constexpr std::size_t tag_bytes = 16;

struct cipher_free {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using cipher_ptr = std::unique_ptr<EVP_CIPHER, cipher_free>;

/// AES-128-GCM as OpenSSL's record layer calls it: the key once, then a nonce for each record.
class record_cipher {
 public:
  record_cipher(const EVP_CIPHER* cipher, byte_view key, bool encrypts) : encrypts_(encrypts) {
    REQUIRE(EVP_CipherInit_ex(context_.get(), cipher, nullptr, nullptr, nullptr, encrypts) == 1);
    REQUIRE(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_IVLEN, 12, nullptr) == 1);
    REQUIRE(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, key.data(), nullptr, -1) == 1);
  }
  /// The text in place; nothing if it is not authentic. `steps`: cut into so many parts.
  std::optional<byte_buffer> pass(byte_view nonce, byte_view header, byte_buffer text, byte_buffer& tag,
                                  std::size_t steps = 1) {
    EVP_CIPHER_CTX* const context = context_.get();
    REQUIRE(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), encrypts_) == 1);
    if (!encrypts_) REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1);
    int moved = 0;
    REQUIRE(EVP_CipherUpdate(context, nullptr, &moved, header.data(), static_cast<int>(header.size())) == 1);
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t begin = text.size() * step / steps;
      const std::size_t end = text.size() * (step + 1) / steps;
      std::uint8_t* const place = text.data() + begin;
      REQUIRE(EVP_CipherUpdate(context, place, &moved, place, static_cast<int>(end - begin)) == 1);
      REQUIRE(moved == static_cast<int>(end - begin));
    }
    if (EVP_CipherFinal_ex(context, text.data(), &moved) != 1) return std::nullopt;
    REQUIRE(moved == 0);
    if (encrypts_) REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) == 1);
    return text;
  }
  EVP_CIPHER_CTX* get() { return context_.get(); }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, cipher_free> context_{EVP_CIPHER_CTX_new()};
  bool encrypts_;
};

cipher_ptr ours() {
  OSSL_LIB_CTX* const context = tls_library::of_process().context();
  if (context == nullptr) return nullptr;
  return cipher_ptr(EVP_CIPHER_fetch(context, "AES-128-GCM", "provider=shoal"));
}

byte_buffer random_bytes(std::mt19937& random, std::size_t count) {
  byte_buffer bytes(count);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

}  // namespace

TEST_CASE("the fast cipher says what OpenSSL's says, of any size and in any parts", "[tls_library]") {
  const cipher_ptr fast = ours();
  if (fast == nullptr) return;
  CHECK(EVP_CIPHER_is_a(fast.get(), "AES-128-GCM") == 1);
  CHECK(EVP_CIPHER_get_mode(fast.get()) == EVP_CIPH_GCM_MODE);
  CHECK(EVP_CIPHER_get_nid(fast.get()) == NID_aes_128_gcm);
  std::mt19937 random(7);
  for (int key_number = 0; key_number < 4; ++key_number) {
    const byte_buffer key = random_bytes(random, 16);
    record_cipher theirs(EVP_aes_128_gcm(), key, true);
    record_cipher encrypts(fast.get(), key, true);
    record_cipher decrypts(fast.get(), key, false);
    for (unsigned number = 0; number < 200; ++number) {
      const std::size_t sizes[] = {number % 70, random() % 16'640u, 16'384, 16'385};
      const byte_buffer text = random_bytes(random, sizes[random() % 4]);
      const byte_buffer nonce = random_bytes(random, 12);
      const byte_buffer header = random_bytes(random, random() % 16);
      byte_buffer wanted_tag(tag_bytes);
      byte_buffer tag(tag_bytes);
      const auto wanted = theirs.pass(nonce, header, text, wanted_tag);
      const auto encrypted = encrypts.pass(nonce, header, text, tag, 1 + random() % 4);
      REQUIRE(encrypted == wanted);
      REQUIRE(tag == wanted_tag);
      REQUIRE(decrypts.pass(nonce, header, *encrypted, tag, 1 + random() % 4) == text);
    }
  }
}

TEST_CASE("the fast cipher refuses what was changed by a bit", "[tls_library]") {
  const cipher_ptr fast = ours();
  if (fast == nullptr) return;
  std::mt19937 random(11);
  const byte_buffer key = random_bytes(random, 16);
  const byte_buffer nonce = random_bytes(random, 12);
  const byte_buffer header = random_bytes(random, 5);
  record_cipher encrypts(fast.get(), key, true);
  record_cipher decrypts(fast.get(), key, false);
  byte_buffer tag(tag_bytes);
  const byte_buffer text = *encrypts.pass(nonce, header, random_bytes(random, 1000), tag);
  const auto changed = [&](byte_buffer bytes) {
    bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    return bytes;
  };
  for (int number = 0; number < 100; ++number) {
    byte_buffer wrong_tag = changed(tag);
    CHECK_FALSE(decrypts.pass(nonce, header, text, wrong_tag));
    CHECK_FALSE(decrypts.pass(nonce, header, changed(text), tag));
    CHECK_FALSE(decrypts.pass(nonce, changed(header), text, tag));
    CHECK_FALSE(decrypts.pass(changed(nonce), header, text, tag));
    CHECK(decrypts.pass(nonce, header, text, tag).has_value());
  }
}

TEST_CASE("the fast cipher uses a nonce once, and takes no other sizes", "[tls_library]") {
  const cipher_ptr fast = ours();
  if (fast == nullptr) return;
  const byte_buffer key(16);
  const byte_buffer nonce(12);
  record_cipher encrypts(fast.get(), key, true);
  byte_buffer tag(tag_bytes);
  REQUIRE(encrypts.pass(nonce, nonce, key, tag));
  int moved = 0;
  byte_buffer text(16);
  CHECK(EVP_CipherUpdate(encrypts.get(), text.data(), &moved, text.data(), 16) != 1);
  CHECK(EVP_CipherFinal_ex(encrypts.get(), text.data(), &moved) != 1);
  CHECK(EVP_CIPHER_CTX_ctrl(encrypts.get(), EVP_CTRL_AEAD_SET_IVLEN, 16, nullptr) != 1);
  CHECK(EVP_CIPHER_CTX_ctrl(encrypts.get(), EVP_CTRL_AEAD_SET_TAG, 12, tag.data()) != 1);
}
