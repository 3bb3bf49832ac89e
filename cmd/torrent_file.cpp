#include "cmd/torrent_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "content/link_text.hpp"
#include "content/magnet.hpp"
#include "content/metainfo.hpp"
#include "core/base64.hpp"
#include "core/descriptor.hpp"

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

// Waits until the file can be read or the user interrupts. A regular file can always be read. A pipe has nothing to
// read before a program writes to it.
bool wait_readable(int file, const interrupt& stop) {
  pollfd watched[] = {{.fd = file, .events = POLLIN, .revents = 0},
                      {.fd = stop.descriptor(), .events = POLLIN, .revents = 0}};
  while (!stop.raised()) {
    if (::poll(watched, std::size(watched), -1) > 0 && watched[0].revents != 0) return true;
  }
  return false;
}

result<std::string> read_base64(const std::string& path, const std::string& what, const interrupt& stop) {
  const std::string text = "cannot read the torrent file '" + what + "'";
  // O_NONBLOCK: a pipe that nobody writes to is opened at once, and the wait for its content can be interrupted.
  const unique_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return system_error(text, errno);
  byte_buffer content;
  while (content.size() <= torrent_bytes_max) {
    if (!wait_readable(file.get(), stop)) return error{errc::cancelled, "interrupted"};
    const std::size_t before = content.size();
    content.resize(before + read_bytes);
    const ssize_t got = ::read(file.get(), content.data() + before, read_bytes);
    if (got < 0) return system_error(text, errno);
    content.resize(before + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  if (content.empty()) return error{errc::malformed, "the torrent file '" + what + "' is empty"};
  if (content.size() > torrent_bytes_max) {
    return error{errc::limit, "the file '" + what + "' is larger than " + std::to_string(torrent_bytes_max / MiB) +
                                  " MiB: is it a torrent file?"};
  }
  return to_base64(content);
}

result<torrent_argument> read_torrent_argument(const std::string& what, const interrupt& stop) {
  torrent_argument read;
  // A magnet link may hold and end in anything.
  if (looks_like_magnet(what)) return read;
  if (is_web_address(what)) {
    return error{errc::usage,
                 "'" + what + "' is a web address: save the .torrent file and name that, or its magnet link"};
  }
  read.may_be_name = what.find('/') == std::string::npos;
  if (read.may_be_name && !ends_as_torrent(what)) return read;
  auto content = read_base64(path_of(what), what, stop);
  if (content) {
    read.base64 = std::move(*content);
  } else if (read.may_be_name) {
    read.unreadable = content.error();
  } else {
    return content.error();
  }
  return read;
}

}  // namespace

const result<torrent_argument>& torrent_arguments::of(const std::string& word) {
  const auto known = read_.find(word);
  if (known != read_.end()) return known->second;
  return read_.emplace(word, read_torrent_argument(word, stop_)).first->second;
}

}  // namespace shoal
