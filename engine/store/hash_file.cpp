#include "store/hash_file.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>
#include <string>

#include "core/assert.hpp"
#include "core/page_buffer.hpp"
#include "core/sha256.hpp"
#include "store/positioned_io.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// Bytes from `offset` on that can be read without waiting for a disk; perhaps none.
std::size_t read_cached(int descriptor, std::uint64_t offset, std::span<std::uint8_t> to) {
  iovec place{to.data(), to.size()};
  const ssize_t got = preadv2(descriptor, &place, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace

std::string descriptor_path(int descriptor) {
  std::array<char, PATH_MAX> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t bytes = readlink(link.c_str(), target.data(), target.size());
  if (bytes <= 0) return "a file";
  return printable({target.data(), static_cast<std::size_t>(bytes)});
}

result<std::vector<digest>> hash_blocks(int descriptor, std::uint64_t offset, std::uint64_t bytes,
                                        std::atomic<std::uint64_t>* hashed_bytes) {
  SHOAL_ASSERT(bytes <= hash_call_bytes_max);
  thread_local const page_buffer buffer = make_page_buffer(hash_read_bytes);
  std::vector<digest> leaves(blocks_of(bytes));
  std::span<digest> left(leaves);
  for (std::uint64_t done = 0; done < bytes;) {
    const std::uint64_t now = std::min<std::uint64_t>(bytes - done, hash_read_bytes);
    const std::span<std::uint8_t> part(buffer.get(), now);
    result<std::size_t> got = read_cached(descriptor, offset + done, part);
    if (*got < now) {
      // The disk reads on while this part is hashed. Data in memory needs no such advice, which costs time.
      if (done + now < bytes) {
        posix_fadvise(descriptor, static_cast<off_t>(offset + done + now), hash_read_bytes, POSIX_FADV_WILLNEED);
      }
      got = read_at(descriptor, offset + done, part);
    }
    if (!got) return within("cannot read " + descriptor_path(descriptor), got.error());
    if (*got < now) {
      return error{errc::conflict, descriptor_path(descriptor) + " has become shorter than it was: add it again"};
    }
    const std::size_t count = blocks_of(now);
    sha256_leaves(part, left.first(count));
    left = left.subspan(count);
    done += now;
    if (hashed_bytes != nullptr) hashed_bytes->fetch_add(now, std::memory_order_relaxed);
  }
  return leaves;
}

}  // namespace shoal
