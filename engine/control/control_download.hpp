// The methods `download` and `cancel` of the control socket (docs/CONTROL.md).
#pragma once

#include "control/control_methods.hpp"

namespace shoal {

awaitable<result<boost::json::value>> do_download(control_call& call);
awaitable<result<boost::json::value>> do_cancel(control_call& call);

}  // namespace shoal
