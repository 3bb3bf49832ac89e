// content_files: content that is about to be sent from its file, past the memory of this process.

#include <fcntl.h>
#include <sys/uio.h>

#include <mutex>
#include <utility>

#include "core/assert.hpp"
#include "store/content_files.hpp"
#include "store/content_state.hpp"
#include "store/positioned_io.hpp"

namespace shoal {

namespace {

/// Reading one byte of each stretch of this length brings all of it in: the kernel's default read-ahead
/// window.
constexpr std::uint64_t read_ahead_bytes = 128 * KiB;

/// One byte of each stretch, and the last one.
template <class Look>
bool look_at_stretches(std::uint64_t begin, std::uint64_t end, Look&& look) {
  for (std::uint64_t offset = begin; offset < end;) {
    if (!look(offset)) return false;
    const std::uint64_t next = offset + read_ahead_bytes;
    offset = next < end || offset == end - 1 ? next : end - 1;
  }
  return true;
}

/// The byte can be read without a wait for the disk.
bool in_memory(int descriptor, std::uint64_t offset) {
  std::uint8_t byte = 0;
  const iovec into{&byte, 1};
  return preadv2(descriptor, &into, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
}

}  // namespace

result<content_files::readable_range> content_files::prepare_read(const byte_range& range) {
  const geometry& shape = state_->info->shape();
  SHOAL_ASSERT(range.piece.value() < shape.piece_count());
  SHOAL_ASSERT(range.bytes > 0 && std::uint64_t{range.begin} + range.bytes <= shape.piece_size(range.piece));
  const file_range at = shape.locate(range.piece, range.begin);
  const std::uint32_t file = at.file.value();
  auto handle = state_->open(file, false);
  if (!handle) return std::move(handle).error();
  const int descriptor = (*handle)->descriptor();
  const std::uint64_t end = at.offset + range.bytes;
  if (result<void> unchanged = state_->check_unchanged(file, descriptor, end); !unchanged) {
    return std::move(unchanged).error();
  }
  readahead(descriptor, static_cast<off_t>(at.offset), range.bytes);
  error why;
  const bool read = look_at_stretches(at.offset, end, [&](std::uint64_t offset) {
    std::uint8_t byte = 0;
    const result<std::size_t> got = read_at(descriptor, offset, {&byte, 1});
    if (!got) why = state_->failed("read", file, got.error());
    return got.has_value();
  });
  if (!read) {
    // A file that cannot be read is as damaged as one that does not match its hash.
    if (why.code != errc::limit) why.code = errc::verification;
    return why;
  }
  return readable_range{std::move(*handle), at.offset};
}

std::optional<content_files::readable_range> content_files::prepare_read_now(const byte_range& range) {
  const file_range at = state_->info->shape().locate(range.piece, range.begin);
  std::shared_ptr<const open_file> handle;
  {
    const std::shared_lock lock(state_->place, std::try_to_lock);
    if (!lock || state_->resting || state_->now == content_state::phase::discarded) return std::nullopt;
    handle = state_->cache->find_open(state_->owner, at.file.value());
    if (!handle) return std::nullopt;
  }
  readable_range ready{std::move(handle), at.offset};
  if (!check_unchanged(range, ready)) return std::nullopt;
  const auto here = [&ready](std::uint64_t offset) { return in_memory(ready.file->descriptor(), offset); };
  if (!look_at_stretches(at.offset, at.offset + range.bytes, here)) return std::nullopt;
  return ready;
}

result<void> content_files::check_unchanged(const byte_range& range, const readable_range& prepared) {
  const file_range at = state_->info->shape().locate(range.piece, range.begin);
  return state_->check_unchanged(at.file.value(), prepared.file->descriptor(), at.offset + range.bytes);
}

}  // namespace shoal
