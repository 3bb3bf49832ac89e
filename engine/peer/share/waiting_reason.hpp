// Why nothing arrives, in one sentence for people. Pure; for the download.
#pragma once

#include <string>

#include "policy/explanation.hpp"

namespace shoal {

/// "nothing arrives: of 5 connected peers, 3 serve others first and 2 have nothing that is missing here". Names only
/// kinds that there are. A peer of no kind owes an answer that is not late yet.
std::string waiting_reason(const explanation& why);
/// "; 2 more serve others first, 1 more does not answer": those that bring nothing while others do; "" if there are
/// none.
std::string others_text(const explanation& why);
/// Of a download whose version nobody holds any more. There is a newer version called `name`.
std::string superseded_reason(const std::string& name);

}  // namespace shoal
