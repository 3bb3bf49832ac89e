// Tells the service manager that started this process how far it is, with the datagrams of sd_notify(3).
//
// A unit of Type=notify counts as started when READY=1 comes. The datagram goes to the Unix socket that $NOTIFY_SOCKET
// names. Without that variable nobody asked, and nothing happens. For `peer` and `tracker`, on the main thread.
#pragma once

#include <string_view>

namespace shoal {

/// The process listens. `status` is one line for people; systemctl status shows it.
void tell_ready(std::string_view status);

/// The process has begun to end.
void tell_stopping();

}  // namespace shoal
