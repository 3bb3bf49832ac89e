#include "core/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "core/assert.hpp"

#ifdef SHOAL_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace shoal {

namespace {

/// OpenSSL with what costs most done once: fetching the algorithm (per process) and making a context (per
/// thread).
class openssl_hasher {
 public:
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
  struct free_context {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, free_context> context_;
  const EVP_MD* algorithm_ = nullptr;
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

/// A libipsec-mb manager, which must not be shared between threads. Empty if the CPU has no kernel worth
/// using.
class ipsec_mb_hasher {
 public:
  ipsec_mb_hasher() : manager_(alloc_mb_mgr(0)) {
    if (manager_ == nullptr) return;
    const auto has = [this](std::uint64_t flags) { return (manager_->features & flags) == flags; };
    if (has(IMB_CPUFLAGS_AVX512)) {
      init_mb_mgr_avx512(manager_.get());
      leaves_worth_it_ = avx512_leaves_worth_it;
    } else if (has(IMB_CPUFLAGS_AVX2)) {
      init_mb_mgr_avx2(manager_.get());
      leaves_worth_it_ = has(IMB_FEATURE_SHANI) ? shani_leaves_worth_it : avx2_leaves_worth_it;
    } else {
      manager_.reset();
    }
    if (manager_ != nullptr && imb_get_errno(manager_.get()) != 0) manager_.reset();
  }

  bool usable() const { return manager_ != nullptr; }

  /// How many leaves at once beat OpenSSL: a batch takes as long as all lanes even if most are idle.
  std::size_t leaves_worth_it() const { return leaves_worth_it_; }
  std::size_t lanes() const { return lanes_max; }

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
  static constexpr std::size_t lanes_max = 16;
  static constexpr std::size_t avx512_leaves_worth_it = 6;
  static constexpr std::size_t avx2_leaves_worth_it = 8;
  static constexpr std::size_t shani_leaves_worth_it = 2;

  static void check(const IMB_JOB& job) { SHOAL_ASSERT(job.status == IMB_STATUS_COMPLETED); }

  struct free_manager {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  std::unique_ptr<IMB_MGR, free_manager> manager_;
  std::size_t leaves_worth_it_ = 0;
};

ipsec_mb_hasher& ipsec_mb_of_thread() {
  thread_local ipsec_mb_hasher hasher;
  return hasher;
}

#endif

template <class Blocks>
void hash_leaves(const Blocks& blocks, std::span<digest> leaves) {
#ifdef SHOAL_HAS_IPSEC_MB
  ipsec_mb_hasher& hasher = ipsec_mb_of_thread();
  if (hasher.usable()) {
    const std::size_t tail = leaves.size() % hasher.lanes();
    const std::size_t batched = tail < hasher.leaves_worth_it() ? leaves.size() - tail : leaves.size();
    hasher.leaves(blocks, leaves.first(batched));
    openssl_leaves(blocks, leaves, batched);
    return;
  }
#endif
  openssl_leaves(blocks, leaves);
}

}  // namespace

digest sha256(byte_view message) {
  digest out;
  openssl_of_thread().hash(message, out);
  return out;
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
  SHOAL_ASSERT(leaves.size() == (data.size() + block_bytes - 1) / block_bytes);
  hash_leaves(consecutive_blocks{data}, leaves);
}

void sha256_blocks(std::span<const byte_view> blocks, std::span<digest> leaves) {
  SHOAL_ASSERT(leaves.size() == blocks.size());
  hash_leaves(blocks, leaves);
}

sha256_backend sha256_leaves_backend() {
#ifdef SHOAL_HAS_IPSEC_MB
  static const bool usable = ipsec_mb_hasher().usable();
  if (usable) return sha256_backend::ipsec_mb;
#endif
  return sha256_backend::openssl;
}

void sha256_leaves_with(sha256_backend backend, byte_view data, std::span<digest> leaves) {
  SHOAL_ASSERT(leaves.size() == (data.size() + block_bytes - 1) / block_bytes);
#ifdef SHOAL_HAS_IPSEC_MB
  if (backend == sha256_backend::ipsec_mb) {
    SHOAL_ASSERT(ipsec_mb_of_thread().usable());
    ipsec_mb_of_thread().leaves(consecutive_blocks{data}, leaves);
    return;
  }
#endif
  SHOAL_ASSERT(backend == sha256_backend::openssl);
  openssl_leaves(consecutive_blocks{data}, leaves);
}

}  // namespace shoal
