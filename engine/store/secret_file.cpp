#include "store/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/descriptor.hpp"
#include "store/positioned_io.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

byte_view bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void flush_folder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const unique_descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) (void)::fsync(opened.get());
}

}  // namespace

result<void> write_secret_file(const std::string& path, std::string_view text) {
  const unique_descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) {
    return error{errc::conflict, "there is something at " + printable(path) +
                                     " already, and it is not replaced: choose another name, or move it away"};
  }
  if (!file) return system_error("cannot create " + printable(path), errno);
  result<void> written = write_at(file.get(), 0, bytes_of(text));
  if (written && ::fsync(file.get()) != 0) written = system_error("cannot flush it", errno);
  if (!written) {
    (void)::unlink(path.c_str());
    return within("cannot write " + printable(path), written.error());
  }
  flush_folder(path);
  return {};
}

result<std::string> read_secret_file(const std::string& path) {
  // Without O_NONBLOCK a pipe at this name would be waited for.
  const unique_descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return system_error("cannot read " + printable(path), errno);
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) return system_error("cannot read " + printable(path), errno);
  if (!S_ISREG(found.st_mode)) {
    return error{errc::malformed, printable(path) + " is not a regular file: name a file that keygen made"};
  }
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return error{errc::permission, "other users may read or change " + printable(path) +
                                       ", so it holds no secret: make it private with chmod 600"};
  }
  // No longer than it is, so that who wipes it wipes all.
  const auto bytes = std::min<std::size_t>(static_cast<std::size_t>(found.st_size), secret_file_bytes_max);
  std::string text(bytes + 1, '\0');
  const auto got = read_at(file.get(), 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!got) return within("cannot read " + printable(path), got.error());
  if (*got > bytes) {
    return error{errc::malformed, printable(path) + " is too large for a key file: name a file that keygen made"};
  }
  text.resize(*got);
  return text;
}

}  // namespace shoal
