#include "store/positioned_io.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace shoal {

namespace {

error reason(int error_number) {
  return {system_error({}, error_number).code, std::strerror(error_number)};
}

}  // namespace

result<std::size_t> read_at(int descriptor, std::uint64_t offset, std::span<std::uint8_t> to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = pread(descriptor, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      return reason(errno);
    }
  }
  return done;
}

result<void> write_at(int descriptor, std::uint64_t offset, byte_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = pwrite(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (put >= 0) {
      done += static_cast<std::size_t>(put);
    } else if (errno != EINTR) {
      return reason(errno);
    }
  }
  return {};
}

}  // namespace shoal
