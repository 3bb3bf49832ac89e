// The method `torrent` of the control socket (docs/CONTROL.md): a share as others take it along, with the way to it.
#pragma once

#include "control/control_methods.hpp"

namespace shoal {

awaitable<result<boost::json::value>> do_torrent(control_call& call);

}  // namespace shoal
