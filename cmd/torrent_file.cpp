#include "cmd/torrent_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "content/magnet.hpp"
#include "core/base64.hpp"

namespace shoal {

namespace {

// Base64 of it must fit into one control message of 16 MiB.
constexpr std::size_t torrent_bytes_max = std::size_t{11} << 20;
constexpr std::size_t read_bytes = std::size_t{64} << 10;

}  // namespace

result<std::string> read_torrent_argument(const std::string& what) {
  // A magnet link may end in anything.
  if (!what.ends_with(".torrent") || looks_like_magnet(what)) return std::string();
  const std::string text = "cannot read the torrent file '" + what + "'";
  const int file = ::open(what.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return system_error(text, errno);
  byte_buffer content;
  int failure = 0;
  while (content.size() <= torrent_bytes_max) {
    const std::size_t before = content.size();
    content.resize(before + read_bytes);
    const ssize_t got = ::read(file, content.data() + before, read_bytes);
    if (got < 0) failure = errno;
    content.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got <= 0) break;
  }
  ::close(file);
  if (failure != 0) return system_error(text, failure);
  if (content.empty()) return error{errc::malformed, "the torrent file '" + what + "' is empty"};
  if (content.size() > torrent_bytes_max) {
    return error{errc::limit, "the file '" + what + "' is larger than 11 MiB: is it a torrent file?"};
  }
  return to_base64(content);
}

}  // namespace shoal
