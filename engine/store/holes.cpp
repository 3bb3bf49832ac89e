#include "store/holes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace shoal {

namespace {

/// Consecutive pieces of one file, as bytes of it.
struct stretch {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Calls `use(stretch, first piece, pieces)` for each run of pieces of the file that are in `zeros`, or for each run of
/// those that are not. Ends when it returns false.
template <class Use>
void each_run(const metainfo& info, const bitmap& zeros, file_index file, bool of_zeros, const Use& use) {
  const geometry& shape = info.shape();
  const std::uint32_t begin = shape.file_first_piece(file).value();
  const std::uint32_t end = begin + shape.file_pieces(file);
  for (std::uint32_t first = begin; first < end;) {
    std::uint32_t next = first + 1;
    const bool is_zero = zeros.test(first);
    while (next < end && zeros.test(next) == is_zero) ++next;
    if (is_zero == of_zeros) {
      const std::uint64_t offset = std::uint64_t{first - begin} * shape.piece_bytes();
      const std::uint64_t up_to =
          next == end ? shape.file_size(file) : std::uint64_t{next - begin} * shape.piece_bytes();
      if (!use(stretch{offset, up_to - offset}, first, next - first)) return;
    }
    first = next;
  }
}

int fallocate_all(int descriptor, int mode, const stretch& where) {
  int outcome;
  do {
    outcome = fallocate(descriptor, mode, static_cast<off_t>(where.offset), static_cast<off_t>(where.bytes));
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0 ? 0 : errno;
}

}  // namespace

std::uint64_t data_bytes(const metainfo& info, const bitmap& zeros, file_index file) {
  if (zeros.none()) return info.shape().file_size(file);
  std::uint64_t sum = 0;
  each_run(info, zeros, file, false, [&](const stretch& run, std::uint32_t, std::uint32_t) {
    sum += run.bytes;
    return true;
  });
  return sum;
}

int allocate(int descriptor, const struct stat& status, const metainfo& info, const bitmap& zeros, file_index file,
             bool in_memory) {
  const auto bytes = static_cast<off_t>(info.shape().file_size(file));
  const std::uint64_t data = data_bytes(info, zeros, file);
  if (status.st_size > bytes && ftruncate(descriptor, bytes) != 0) return errno;
  if (status.st_size >= bytes && static_cast<std::uint64_t>(status.st_blocks) * 512 >= data) return 0;
  const bool sparse = data < static_cast<std::uint64_t>(bytes);
  const auto give_size = [&] { return status.st_size < bytes && ftruncate(descriptor, bytes) != 0 ? errno : 0; };
  if (in_memory) return give_size();
  int outcome = 0;
  if (sparse) {
    outcome = give_size();
    if (outcome != 0) return outcome;
    each_run(info, zeros, file, false, [&](const stretch& run, std::uint32_t, std::uint32_t) {
      outcome = fallocate_all(descriptor, 0, run);
      return outcome == 0;
    });
  } else {
    outcome = fallocate_all(descriptor, 0, {0, static_cast<std::uint64_t>(bytes)});
  }
  return outcome == EOPNOTSUPP || outcome == ENOSYS ? give_size() : outcome;
}

bool is_hole(int descriptor, std::uint64_t offset, std::uint64_t bytes) {
  const off_t data = lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
  return data < 0 ? errno == ENXIO : static_cast<std::uint64_t>(data) >= offset + bytes;
}

void make_holes(int descriptor, const metainfo& info, bitmap& zeros, file_index file) {
  if (zeros.none()) return;
  bitmap refused(zeros.size());
  each_run(info, zeros, file, true, [&](const stretch& run, std::uint32_t first, std::uint32_t pieces) {
    if (fallocate_all(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, run) == 0) return true;
    for (std::uint32_t i = first; i < first + pieces; ++i) refused.set(i);
    return true;
  });
  for (std::uint32_t i = refused.next_set(0); i < refused.size(); i = refused.next_set(i + 1)) zeros.reset(i);
}

}  // namespace shoal
