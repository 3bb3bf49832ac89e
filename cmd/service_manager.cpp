#include "cmd/service_manager.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "core/descriptor.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

// A manager that takes no datagram for so long is stuck. The process goes on without it.
constexpr timeval send_time_max{.tv_sec = 5, .tv_usec = 0};

void warn(int reason) {
  log_warn("cannot tell the service manager how far this process is socket=NOTIFY_SOCKET reason={}",
           std::generic_category().message(reason));
}

void send(const std::string& text) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) return warn(ENAMETOOLONG);
  std::memcpy(address.sun_path, path, length);
  // An address of unix(7) without a file: its first byte is 0, and each byte after it counts.
  const bool abstract = *path == '@';
  if (abstract) address.sun_path[0] = '\0';
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + (abstract ? 0 : 1));
  const unique_descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return warn(errno);
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &send_time_max, sizeof send_time_max);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  if (::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL, to, bytes) < 0) warn(errno);
}

}  // namespace

void tell_ready(std::string_view status) {
  send("READY=1\nSTATUS=" + std::string(status) + "\n");
}

void tell_stopping() {
  send("STOPPING=1\nSTATUS=ends\n");
}

}  // namespace shoal
