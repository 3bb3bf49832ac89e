#include "net/tls_library.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "core/bytes.hpp"

#ifdef SHOAL_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace shoal {

namespace {

#ifdef SHOAL_HAS_IPSEC_MB

constexpr const char* provider_name = "shoal";
constexpr std::size_t key_bytes = 16;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
/// TLS 1.3 authenticates the five bytes before each record (RFC 8446, 5.2).
constexpr std::size_t header_bytes_max = 16;

/// libipsec-mb with its vector AES; null where the library or the CPU has none.
IMB_MGR* vector_aes() {
  // Holds nothing but pointers to functions, so threads share it.
  static IMB_MGR* const made = []() -> IMB_MGR* {
    IMB_MGR* manager = alloc_mb_mgr(0);
    if (manager == nullptr || (manager->features & IMB_CPUFLAGS_AVX512_T2) != IMB_CPUFLAGS_AVX512_T2) {
      free_mb_mgr(manager);
      return nullptr;
    }
    init_mb_mgr_avx512(manager);
    return manager;
  }();
  return made;
}

/// One direction of one connection.
struct gcm {
  alignas(64) gcm_key_data key;
  gcm_context_data running;
  std::array<std::uint8_t, nonce_bytes> nonce;
  std::array<std::uint8_t, tag_bytes> tag;
  std::array<std::uint8_t, header_bytes_max> header;
  std::size_t header_bytes;
  bool encrypts;
  bool has_key;
  bool has_nonce;  ///< each is used once
  bool begun;

  void begin() {
    if (begun) return;
    IMB_AES128_GCM_INIT(vector_aes(), &key, &running, nonce.data(), header.data(), header_bytes);
    begun = true;
  }
};

gcm* gcm_of(void* context) {
  return static_cast<gcm*>(context);
}

// OpenSSL's names for these are in provider-cipher(7).

void* new_context(void*) {
  return new (std::nothrow) gcm{};
}

void free_context(void* context) {
  if (context == nullptr) return;
  OPENSSL_cleanse(context, sizeof(gcm));
  delete gcm_of(context);
}

int set_context_params(void* context, const OSSL_PARAM* params) {
  gcm* self = gcm_of(context);
  std::size_t size = 0;
  for (const auto& [name, expected] :
       {std::pair(OSSL_CIPHER_PARAM_AEAD_IVLEN, nonce_bytes), std::pair(OSSL_CIPHER_PARAM_KEYLEN, key_bytes)}) {
    const OSSL_PARAM* one = OSSL_PARAM_locate_const(params, name);
    if (one != nullptr && (OSSL_PARAM_get_size_t(one, &size) != 1 || size != expected)) return 0;
  }
  const OSSL_PARAM* tag = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TAG);
  if (tag == nullptr) return 1;
  void* into = self->tag.data();
  return tag->data_size == tag_bytes ? OSSL_PARAM_get_octet_string(tag, &into, tag_bytes, &size) : 0;
}

int init(void* context, byte_view key, byte_view nonce, const OSSL_PARAM* params, bool encrypts) {
  gcm* self = gcm_of(context);
  self->encrypts = encrypts;
  self->begun = false;
  self->header_bytes = 0;
  if (key.data() != nullptr) {
    if (key.size() != key_bytes) return 0;
    IMB_AES128_GCM_PRE(vector_aes(), key.data(), &self->key);
    self->has_key = true;
  }
  if (nonce.data() != nullptr) {
    if (nonce.size() != nonce_bytes) return 0;
    std::ranges::copy(nonce, self->nonce.begin());
    self->has_nonce = true;
  }
  return set_context_params(context, params);
}

int encrypt_init(void* context, const unsigned char* key, std::size_t key_size, const unsigned char* nonce,
                 std::size_t nonce_size, const OSSL_PARAM* params) {
  return init(context, {key, key_size}, {nonce, nonce_size}, params, true);
}

int decrypt_init(void* context, const unsigned char* key, std::size_t key_size, const unsigned char* nonce,
                 std::size_t nonce_size, const OSSL_PARAM* params) {
  return init(context, {key, key_size}, {nonce, nonce_size}, params, false);
}

int update(void* context, unsigned char* out, std::size_t* out_bytes, std::size_t out_size, const unsigned char* in,
           std::size_t in_bytes) {
  gcm* self = gcm_of(context);
  if (!self->has_key || !self->has_nonce) return 0;
  *out_bytes = in_bytes;
  if (out == nullptr) {
    // Authenticated and not encrypted, and before all else.
    if (self->begun || in_bytes > self->header.size() - self->header_bytes) return 0;
    std::copy_n(in, in_bytes, self->header.begin() + static_cast<std::ptrdiff_t>(self->header_bytes));
    self->header_bytes += in_bytes;
    return 1;
  }
  if (out_size < in_bytes) return 0;
  self->begin();
  if (in_bytes == 0) return 1;
  if (self->encrypts) {
    IMB_AES128_GCM_ENC_UPDATE(vector_aes(), &self->key, &self->running, out, in, in_bytes);
  } else {
    IMB_AES128_GCM_DEC_UPDATE(vector_aes(), &self->key, &self->running, out, in, in_bytes);
  }
  return 1;
}

int final(void* context, unsigned char*, std::size_t* out_bytes, std::size_t) {
  gcm* self = gcm_of(context);
  *out_bytes = 0;
  if (!self->has_key || !self->has_nonce) return 0;
  self->begin();
  self->begun = false;
  self->has_nonce = false;
  if (self->encrypts) {
    IMB_AES128_GCM_ENC_FINALIZE(vector_aes(), &self->key, &self->running, self->tag.data(), tag_bytes);
    return 1;
  }
  std::array<std::uint8_t, tag_bytes> computed{};
  IMB_AES128_GCM_DEC_FINALIZE(vector_aes(), &self->key, &self->running, computed.data(), tag_bytes);
  return CRYPTO_memcmp(computed.data(), self->tag.data(), tag_bytes) == 0;
}

int set_if_asked(OSSL_PARAM* params, const char* name, std::size_t value) {
  OSSL_PARAM* one = OSSL_PARAM_locate(params, name);
  return one == nullptr || OSSL_PARAM_set_size_t(one, value) == 1;
}

int get_params(OSSL_PARAM* params) {
  for (const char* yes : {OSSL_CIPHER_PARAM_AEAD, OSSL_CIPHER_PARAM_CUSTOM_IV}) {
    OSSL_PARAM* one = OSSL_PARAM_locate(params, yes);
    if (one != nullptr && OSSL_PARAM_set_int(one, 1) != 1) return 0;
  }
  OSSL_PARAM* mode = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE);
  if (mode != nullptr && OSSL_PARAM_set_uint(mode, EVP_CIPH_GCM_MODE) != 1) return 0;
  return set_if_asked(params, OSSL_CIPHER_PARAM_KEYLEN, key_bytes) &&
         set_if_asked(params, OSSL_CIPHER_PARAM_IVLEN, nonce_bytes) &&
         set_if_asked(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, 1);
}

int get_context_params(void* context, OSSL_PARAM* params) {
  const gcm* self = gcm_of(context);
  OSSL_PARAM* tag = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG);
  // While it is decrypted, the tag is what the other side says.
  if (tag != nullptr && (!self->encrypts || OSSL_PARAM_set_octet_string(tag, self->tag.data(), tag_bytes) != 1))
    return 0;
  return set_if_asked(params, OSSL_CIPHER_PARAM_KEYLEN, key_bytes) &&
         set_if_asked(params, OSSL_CIPHER_PARAM_IVLEN, nonce_bytes) &&
         set_if_asked(params, OSSL_CIPHER_PARAM_AEAD_TAGLEN, tag_bytes);
}

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* ciphers(void*, int operation, int* not_to_be_kept) {
  static const std::array<OSSL_DISPATCH, 10> functions{
      entry(OSSL_FUNC_CIPHER_NEWCTX, &new_context),
      entry(OSSL_FUNC_CIPHER_FREECTX, &free_context),
      entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, &encrypt_init),
      entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, &decrypt_init),
      entry(OSSL_FUNC_CIPHER_UPDATE, &update),
      entry(OSSL_FUNC_CIPHER_FINAL, &final),
      entry(OSSL_FUNC_CIPHER_GET_PARAMS, &get_params),
      entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, &get_context_params),
      entry(OSSL_FUNC_CIPHER_SET_CTX_PARAMS, &set_context_params),
      {},
  };
  static const std::array<OSSL_ALGORITHM, 2> all{{
      {"AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", "provider=shoal", functions.data(), nullptr},
      {},
  }};
  *not_to_be_kept = 0;
  return operation == OSSL_OP_CIPHER ? all.data() : nullptr;
}

int start_provider(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const std::array<OSSL_DISPATCH, 2> all{entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &ciphers), {}};
  *functions = all.data();
  *context = nullptr;
  return 1;
}

bool is_worth_it() {
  return vector_aes() != nullptr &&
         (OPENSSL_version_major() < 3 || (OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 1));
}

#endif

}  // namespace

tls_library::tls_library() {
#ifdef SHOAL_HAS_IPSEC_MB
  if (!is_worth_it()) return;
  context_.reset(OSSL_LIB_CTX_new());
  if (context_ == nullptr) throw std::bad_alloc();
  openssl_.reset(OSSL_PROVIDER_load(context_.get(), "default"));
  if (OSSL_PROVIDER_add_builtin(context_.get(), provider_name, &start_provider) == 1)
    ours_.reset(OSSL_PROVIDER_load(context_.get(), provider_name));
  if (openssl_ != nullptr && ours_ != nullptr) return;
  openssl_.reset();
  context_.reset();
#endif
}

tls_library::~tls_library() = default;

const tls_library& tls_library::of_process() {
  static const tls_library one;
  return one;
}

const char* tls_library::preferred() {
  return "?provider=shoal";
}

void tls_library::context_free::operator()(OSSL_LIB_CTX* context) const {
  OSSL_LIB_CTX_free(context);
}

void tls_library::provider_unload::operator()(OSSL_PROVIDER* provider) const {
  OSSL_PROVIDER_unload(provider);
}

}  // namespace shoal
