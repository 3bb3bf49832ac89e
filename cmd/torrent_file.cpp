#include "cmd/torrent_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "content/link_text.hpp"
#include "content/magnet.hpp"
#include "content/metainfo.hpp"
#include "core/base64.hpp"

namespace shoal {

namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10;

constexpr std::string_view file_scheme = "file://";

bool is_web_address(std::string_view what) {
  return starts_with_any_case(what, "http://") || starts_with_any_case(what, "https://") ||
         starts_with_any_case(what, "ftp://");
}

// The path in file:///PATH or file://HOST/PATH; other words are paths as they are.
std::string path_of(const std::string& what) {
  if (!starts_with_any_case(what, file_scheme)) return what;
  const std::size_t slash = std::min(what.find('/', file_scheme.size()), what.size());
  return percent_decoded(std::string_view(what).substr(slash));
}

bool ends_as_torrent(std::string_view what) {
  constexpr std::string_view ending = ".torrent";
  return what.size() >= ending.size() && starts_with_any_case(what.substr(what.size() - ending.size()), ending);
}

result<std::string> read_base64(const std::string& path, const std::string& what) {
  const std::string text = "cannot read the torrent file '" + what + "'";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
    return error{errc::limit, "the file '" + what + "' is larger than " + std::to_string(torrent_bytes_max / MiB) +
                                  " MiB: is it a torrent file?"};
  }
  return to_base64(content);
}

}  // namespace

result<torrent_argument> read_torrent_argument(const std::string& what) {
  torrent_argument read;
  // A magnet link may hold and end in anything.
  if (looks_like_magnet(what)) return read;
  if (is_web_address(what)) {
    return error{errc::usage,
                 "'" + what + "' is a web address: save the .torrent file and name that, or its magnet link"};
  }
  read.may_be_name = what.find('/') == std::string::npos;
  if (read.may_be_name && !ends_as_torrent(what)) return read;
  auto content = read_base64(path_of(what), what);
  if (content) {
    read.base64 = std::move(*content);
  } else if (read.may_be_name) {
    read.unreadable = content.error();
  } else {
    return content.error();
  }
  return read;
}

}  // namespace shoal
