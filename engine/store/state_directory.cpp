#include "store/state_directory.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "store/positioned_io.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

std::string home_directory() {
  if (std::string home = variable("HOME"); !home.empty()) return home;
  const passwd* user = getpwuid(geteuid());
  return user == nullptr || user->pw_dir == nullptr ? std::string{} : std::string(user->pw_dir);
}

/// mkdir -p with mode 0700 for what is made.
result<void> make_directories(const std::string& directory) {
  for (std::size_t position = 1; position <= directory.size(); ++position) {
    if (position < directory.size() && directory[position] != '/') continue;
    const std::string so_far = directory.substr(0, position);
    if (mkdir(so_far.c_str(), 0700) == 0 || errno == EEXIST) continue;
    const int reason = errno;
    struct stat status{};
    if (stat(so_far.c_str(), &status) == 0) continue;
    return helped_by(remedy::other_state_directory,
                     system_error("cannot create state directory " + printable(so_far), reason));
  }
  return {};
}

/// The pid in a lock file, for the message: nothing but digits, or "unknown".
std::string holder_of(int lock) {
  std::array<std::uint8_t, 20> text{};
  const result<std::size_t> bytes = read_at(lock, 0, text);
  std::string digits;
  for (std::size_t i = 0; bytes && i < *bytes && text[i] >= '0' && text[i] <= '9'; ++i) {
    digits += static_cast<char>(text[i]);
  }
  return digits.empty() ? "unknown" : digits;
}

}  // namespace

result<std::string> default_state_directory() {
  if (std::string state = variable("SHOAL_STATE"); !state.empty()) return state;
  if (const std::string base = variable("XDG_STATE_HOME"); base.starts_with('/')) return base + "/shoal";
  const std::string home = home_directory();
  if (home.empty()) return error{errc::usage, "no home directory to keep state in", remedy::other_state_directory};
  return home + "/.local/state/shoal";
}

result<std::string> control_socket_path(const std::string& directory) {
  std::error_code ec;
  std::string path = (std::filesystem::absolute(directory, ec) / "control.sock").lexically_normal().string();
  if (ec) return system_error("cannot tell where " + printable(directory) + " is", ec.value());
  return path;
}

result<state_directory> state_directory::open(const std::string& directory) {
  if (directory.empty()) return error{errc::usage, "the state directory has no name", remedy::other_state_directory};
  result<std::string> socket = control_socket_path(directory);
  if (!socket) return std::move(socket).error();
  state_directory opened;
  opened.control_socket_ = std::move(*socket);
  opened.path_ = std::filesystem::path(opened.control_socket_).parent_path().string();
  if (result<void> made = make_directories(opened.path_); !made) return std::move(made).error();

  std::error_code ec;
  if (!std::filesystem::is_directory(opened.path_, ec)) {
    return error{errc::conflict, printable(opened.path_) + " is not a directory", remedy::other_state_directory};
  }

  const std::string lock_path = opened.path_ + "/lock";
  opened.lock_.reset(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!opened.lock_) {
    return helped_by(remedy::other_state_directory, beneath_error("cannot open " + printable(lock_path), errno));
  }
  if (flock(opened.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("cannot lock " + printable(lock_path), errno);
    return error{errc::conflict,
                 "another peer runs with state directory " + printable(opened.path_) + " (pid " +
                     holder_of(opened.lock_.get()) + ")",
                 remedy::end_other_peer};
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(opened.lock_.get(), 0) != 0) return system_error("cannot write " + printable(lock_path), errno);
  if (const result<void> written = write_at(opened.lock_.get(), 0, as_bytes(pid)); !written) {
    return within("cannot write " + printable(lock_path), written.error());
  }
  return opened;
}

}  // namespace shoal
