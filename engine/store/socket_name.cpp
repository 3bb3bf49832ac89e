#include "store/socket_name.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "store/printable.hpp"

namespace shoal {

result<socket_name> socket_name::of(const std::string& path) {
  constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  socket_name name;
  if (path.size() <= bytes_max) {
    name.text_ = path;
    return name;
  }
  const std::string directory(parent_path(path));
  name.directory_.reset(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!name.directory_) return system_error("cannot open directory " + printable(directory), errno);
  const std::string through = "/proc/self/fd/" + std::to_string(name.directory_.get());
  if (access(through.c_str(), F_OK) != 0) {
    return error{errc::limit,
                 "socket " + printable(path) + " has a path of " + std::to_string(path.size()) +
                     " bytes, and without /proc it may have " + std::to_string(bytes_max),
                 remedy::other_state_directory};
  }
  name.text_ = through + "/" + std::string(last_element(path));
  return name;
}

}  // namespace shoal
