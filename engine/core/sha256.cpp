#include "core/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ranges>

#include "core/assert.hpp"

#ifdef SHOAL_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace shoal {

namespace {

/// OpenSSL, with the two costliest steps done once: fetching the algorithm (per process) and making a context (per
/// thread).
class openssl_hasher {
 public:
  struct free_context {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  using context = std::unique_ptr<EVP_MD_CTX, free_context>;

  openssl_hasher() : context_(EVP_MD_CTX_new()) {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    algorithm_ = fetched;
    SHOAL_ASSERT(context_ != nullptr && algorithm_ != nullptr);
  }

  void hash(byte_view message, digest& out) {
    unsigned int out_bytes = 0;
    const bool done = EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), message.data(), message.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), out.bytes.data(), &out_bytes) == 1;
    SHOAL_ASSERT(done && out_bytes == digest::size);
  }

 private:
  context context_;
  const EVP_MD* algorithm_ = nullptr;
};

/// OpenSSL's state after so many zeros of a block. Of any number of zeros only the rest is hashed.
class zeros_hasher {
 public:
  static constexpr std::uint32_t step_bytes = 256;

  zeros_hasher() {
    EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    bool done = algorithm != nullptr;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      states_[i].reset(EVP_MD_CTX_new());
      EVP_MD_CTX* const state = states_[i].get();
      done = done && state != nullptr;
      if (i == 0) {
        done = done && EVP_DigestInit_ex2(state, algorithm, nullptr) == 1;
      } else {
        done = done && EVP_MD_CTX_copy_ex(state, states_[i - 1].get()) == 1 &&
               EVP_DigestUpdate(state, zeros.data(), zeros.size()) == 1;
      }
    }
    SHOAL_ASSERT(done);
    EVP_MD_free(algorithm);
  }

  digest hash(std::uint32_t bytes) const {
    thread_local const context work(EVP_MD_CTX_new());
    digest out;
    unsigned int out_bytes = 0;
    const bool done = work != nullptr && EVP_MD_CTX_copy_ex(work.get(), states_[bytes / step_bytes].get()) == 1 &&
                      EVP_DigestUpdate(work.get(), zeros.data(), bytes % step_bytes) == 1 &&
                      EVP_DigestFinal_ex(work.get(), out.bytes.data(), &out_bytes) == 1;
    SHOAL_ASSERT(done && out_bytes == digest::size);
    return out;
  }

 private:
  static constexpr std::array<std::uint8_t, step_bytes> zeros{};
  using context = openssl_hasher::context;

  std::array<context, block_bytes / step_bytes + 1> states_;
};

openssl_hasher& openssl_of_thread() {
  thread_local openssl_hasher hasher;
  return hasher;
}

/// The blocks of consecutive data, by number.
struct consecutive_blocks {
  byte_view data;
  byte_view operator[](std::size_t block) const {
    const std::size_t begin = block * block_bytes;
    return data.subspan(begin, std::min<std::size_t>(block_bytes, data.size() - begin));
  }
};

/// `blocks[i]` is hashed to `leaves[i]`, from `first` on.
template <class Blocks>
void openssl_leaves(const Blocks& blocks, std::span<digest> leaves, std::size_t first = 0) {
  openssl_hasher& hasher = openssl_of_thread();
  for (std::size_t i = first; i < leaves.size(); ++i) hasher.hash(blocks[i], leaves[i]);
}

#ifdef SHOAL_HAS_IPSEC_MB

struct free_manager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};
using manager_ptr = std::unique_ptr<IMB_MGR, free_manager>;

manager_ptr new_manager() {
  manager_ptr manager(alloc_mb_mgr(0));
  SHOAL_ASSERT(manager != nullptr);
  return manager;
}

/// One kernel of libipsec-mb.
struct kernel {
  void (*use)(IMB_MGR*) = nullptr;
  std::uint64_t cpu_features = 0;
  std::size_t lanes = 1;
  /// How many leaves beat OpenSSL: a batch takes as long as all lanes even if most are idle.
  std::size_t leaves_worth_it = 0;
};

// By sha256_backend; OpenSSL has none. On a CPU with SHA-NI but without GFNI the library itself would choose AVX2,
// which is half as fast.
constexpr std::array<kernel, sha256_backends.size()> kernels{{{},
                                                              {init_mb_mgr_avx2, IMB_CPUFLAGS_AVX2, 8, 3},
                                                              {init_mb_mgr_sse, IMB_CPUFLAGS_SSE_T2, 2, 2},
                                                              {init_mb_mgr_avx512, IMB_CPUFLAGS_AVX512, 16, 6}}};

const kernel& kernel_of(sha256_backend backend) {
  return kernels[static_cast<std::size_t>(backend)];
}

/// A libipsec-mb manager with one kernel. Must not be shared between threads.
class ipsec_mb_hasher {
 public:
  explicit ipsec_mb_hasher(const kernel& used) : manager_(new_manager()) {
    used.use(manager_.get());
    SHOAL_ASSERT(imb_get_errno(manager_.get()) == 0);
  }

  template <class Blocks>
  void leaves(const Blocks& blocks, std::span<digest> leaves) {
    IMB_MGR* const manager = manager_.get();
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const byte_view message = blocks[i];
      IMB_JOB* job = IMB_GET_NEXT_JOB(manager);
      job->cipher_mode = IMB_CIPHER_NULL;
      job->cipher_direction = IMB_DIR_ENCRYPT;
      job->chain_order = IMB_ORDER_HASH_CIPHER;
      job->hash_alg = IMB_AUTH_SHA_256;
      job->src = message.data();
      job->hash_start_src_offset_in_bytes = 0;
      job->msg_len_to_hash_in_bytes = message.size();
      job->auth_tag_output = leaves[i].bytes.data();
      job->auth_tag_output_len_in_bytes = digest::size;
      for (job = IMB_SUBMIT_JOB(manager); job != nullptr; job = IMB_GET_COMPLETED_JOB(manager)) check(*job);
    }
    for (IMB_JOB* job = IMB_FLUSH_JOB(manager); job != nullptr; job = IMB_FLUSH_JOB(manager)) check(*job);
  }

 private:
  static void check(const IMB_JOB& job) { SHOAL_ASSERT(job.status == IMB_STATUS_COMPLETED); }

  manager_ptr manager_;
};

ipsec_mb_hasher& ipsec_mb_of_thread(sha256_backend backend) {
  thread_local std::array<std::optional<ipsec_mb_hasher>, sha256_backends.size()> hashers;
  auto& hasher = hashers[static_cast<std::size_t>(backend)];
  if (!hasher) hasher.emplace(kernel_of(backend));
  return *hasher;
}

#endif

template <class Blocks>
void hash_leaves(const Blocks& blocks, std::span<digest> leaves) {
  std::size_t batched = 0;
#ifdef SHOAL_HAS_IPSEC_MB
  const sha256_backend backend = sha256_leaves_backend();
  if (backend != sha256_backend::openssl) {
    const kernel& used = kernel_of(backend);
    const std::size_t tail = leaves.size() % used.lanes;
    batched = tail < used.leaves_worth_it ? leaves.size() - tail : leaves.size();
    ipsec_mb_of_thread(backend).leaves(blocks, leaves.first(batched));
  }
#endif
  openssl_leaves(blocks, leaves, batched);
}

}  // namespace

digest sha256(byte_view message) {
  digest out;
  openssl_of_thread().hash(message, out);
  return out;
}

digest sha256_zeros(std::uint32_t bytes) {
  SHOAL_ASSERT(bytes <= block_bytes);
  static const zeros_hasher hasher;
  return hasher.hash(bytes);
}

digest sha256_node(const digest& left, const digest& right) {
  std::array<std::uint8_t, 2 * digest::size> both;
  std::memcpy(both.data(), left.bytes.data(), digest::size);
  std::memcpy(both.data() + digest::size, right.bytes.data(), digest::size);
  digest out;
  openssl_of_thread().hash(both, out);
  return out;
}

void sha256_leaves(byte_view data, std::span<digest> leaves) {
  SHOAL_ASSERT(leaves.size() == blocks_of(data.size()));
  hash_leaves(consecutive_blocks{data}, leaves);
}

void sha256_blocks(std::span<const byte_view> blocks, std::span<digest> leaves) {
  SHOAL_ASSERT(leaves.size() == blocks.size());
  hash_leaves(blocks, leaves);
}

std::string_view to_string(sha256_backend backend) {
  switch (backend) {
    case sha256_backend::openssl:
      return "openssl";
    case sha256_backend::avx2:
      return "avx2";
    case sha256_backend::sha_ni:
      return "sha-ni";
    case sha256_backend::avx512:
      return "avx512";
  }
  return "unknown";
}

bool available(sha256_backend backend) {
  if (backend == sha256_backend::openssl) return true;
#ifdef SHOAL_HAS_IPSEC_MB
  static const std::uint64_t cpu_features = new_manager()->features;
  const std::uint64_t needed = kernel_of(backend).cpu_features;
  return (cpu_features & needed) == needed;
#else
  return false;
#endif
}

sha256_backend sha256_leaves_backend() {
  static const sha256_backend chosen = *std::ranges::find_if(std::views::reverse(sha256_backends), available);
  return chosen;
}

void sha256_leaves_with(sha256_backend backend, byte_view data, std::span<digest> leaves) {
  SHOAL_ASSERT(leaves.size() == blocks_of(data.size()) && available(backend));
#ifdef SHOAL_HAS_IPSEC_MB
  if (backend != sha256_backend::openssl) {
    ipsec_mb_of_thread(backend).leaves(consecutive_blocks{data}, leaves);
    return;
  }
#endif
  openssl_leaves(consecutive_blocks{data}, leaves);
}

}  // namespace shoal
