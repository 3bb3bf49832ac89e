#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/terminal.hpp"
#include "content/metainfo.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"
#include "core/base64.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("output,o", po::value<std::string>()->value_name("FILE"), "where to write the .torrent file; - is stdout");
  add("magnet", po::bool_switch(), "print the magnet link instead");
}

// Where the content goes when `path` means something that is no file, a pipe or a device.
result<void> write_to(int file, const std::string& path, std::string_view content) {
  bool written = write_whole(file, content);
  int failure = written ? 0 : errno;
  if (::close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0) return {};
  return system_error("cannot write " + path, failure);
}

mode_t current_umask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}

// Whatever else is there, perhaps the shared file itself, is not lost to a slip of the keyboard.
bool may_replace(const std::string& path, std::uintmax_t bytes) {
  if (bytes == 0) return true;
  if (bytes > torrent_bytes_max) return false;
  std::ifstream file(path, std::ios::binary);
  const byte_buffer content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return metainfo::from_torrent(content).has_value();
}

// Written under a new name beside it and renamed, so that FILE is never half of a torrent. FILE may be a link to it.
result<void> write_file(std::string path, std::string_view content) {
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return file < 0 ? system_error("cannot write " + path, errno) : write_to(file, path, content);
  }
  if (exists && !may_replace(path, static_cast<std::uintmax_t>(status.st_size))) {
    return error{errc::conflict, path + " is there and is no .torrent file: name another file, or remove it first"};
  }
  std::error_code none;
  if (exists) path = std::filesystem::canonical(path, none).string();
  std::string partial = (std::filesystem::path(path).parent_path() / ".shoal.XXXXXX").string();
  const int file = ::mkostemp(partial.data(), O_CLOEXEC);
  if (file < 0) return system_error("cannot write " + path, errno);
  ::fchmod(file, exists ? status.st_mode & 07777 : 0666 & ~current_umask());
  result<void> written = write_to(file, path, content);
  if (written && ::rename(partial.c_str(), path.c_str()) != 0) written = system_error("cannot write " + path, errno);
  if (!written) ::unlink(partial.c_str());
  return written;
}

result<void> run(const invocation& call) {
  const std::string path = call.given.text("output");
  const bool magnet = call.given.flag("magnet");
  const bool as_json = call.given.flag("json");
  if (path.empty() && !magnet && !as_json) {
    return error{errc::usage, "where to? Name a file with -o FILE (- for stdout), or use --magnet"};
  }
  if (path == "-" && !magnet && !as_json && is_terminal(STDOUT_FILENO)) {
    return error{errc::usage, "a .torrent file is binary and stdout is a terminal: redirect it, or use -o FILE"};
  }
  if (path == "-" && as_json) return error{errc::usage, "-o - and --json both write to stdout: use one of them"};
  const auto answer = call.client->call("torrent", params_of_what(call), call.stop);
  if (!answer) return answer.error();
  const auto row = from_json<rows::torrent_file>(*answer);
  if (!path.empty()) {
    const auto torrent = from_base64(row.torrent);
    if (!torrent || torrent->empty()) return error{errc::protocol, "the peer sends no valid base64 torrent"};
    const auto written = path == "-" ? print(as_text(*torrent)) : write_file(path, as_text(*torrent));
    if (!written) return written.error();
  }
  if (as_json) return print(json::serialize(*answer) + "\n");
  if (magnet) return print(row.magnet + "\n");
  return {};
}

}  // namespace

command torrent_command() {
  return {.name = "torrent",
          .operands = "WHAT",
          .operands_min = 1,
          .operands_max = 1,
          .summary = "Writes the .torrent file or the magnet link of a share, for any BitTorrent v2 client.",
          .example = "video.mkv -o video.torrent",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
