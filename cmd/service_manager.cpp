#include "cmd/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <string>
#include <system_error>

#include "observe/log.hpp"

namespace shoal {

namespace {

void tell(const std::string& text) {
  const int done = sd_notify(0, text.c_str());
  if (done < 0) {
    log_warn("cannot tell the service manager how far this process is socket=NOTIFY_SOCKET reason={}",
             std::generic_category().message(-done));
  }
}

}  // namespace

void tell_ready(std::string_view status) {
  tell("READY=1\nSTATUS=" + std::string(status) + "\n");
}

void tell_stopping() {
  tell("STOPPING=1\nSTATUS=ends\n");
}

}  // namespace shoal
