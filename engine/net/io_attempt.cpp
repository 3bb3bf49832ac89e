#include "net/io_attempt.hpp"

#include <cerrno>

namespace shoal {

bool io_attempt::is_read_failure() const {
  return error_number == EIO || error_number == EREMOTEIO || error_number == ENXIO || error_number == ENODATA ||
         error_number == EBADMSG || error_number == ESTALE || error_number == EUCLEAN;
}

error_code io_attempt::why() const {
  if (error_number == 0) return asio::error::eof;
  return {error_number, boost::system::system_category()};
}

io_attempt outcome_of(std::ptrdiff_t moved) {
  if (moved > 0) return {.bytes = static_cast<std::size_t>(moved)};
  if (moved == 0) return {};
  if (errno == EAGAIN || errno == EINTR) return {.would_block = true};
  return {.error_number = errno};
}

}  // namespace shoal
