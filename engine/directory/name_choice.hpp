// Which shares of one name a user means, by who signed them: whom the user trusts, and whom this peer knows.
//
// Refuses, in this order:
// 1. a signature that is wrong, or was taken from another share,
// 2. with a trust list, everything that is not signed by a key of the list,
// 3. a version that is older than one that this peer has seen by the same publisher under this name,
// 4. without a trust list, a name whose publisher is known and that comes by another key now, or unsigned.
//
// An id means itself, so nothing of this holds for ids. A share that this peer has seen signed counts as signed,
// whatever is claimed of it now. Pure. DESIGN: "Signed shares".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "content/trust_list.hpp"
#include "core/error.hpp"
#include "directory/known_publishers.hpp"
#include "directory/tracking.hpp"

namespace shoal {

struct name_choice {
  std::vector<tracking::share_row> rows;  ///< the newest of each publisher that counts
  std::vector<error> refused;             ///< why other shares of the name do not count
};

/// `rows`: all shares of this name, with checked signatures. An empty `trust` is none.
name_choice choose(std::string_view name, std::vector<tracking::share_row> rows, const trust_list& trust,
                   const known_publishers& known);

/// "signed by NAME (fingerprint …)", "not signed", "with a wrong signature", for people.
std::string publisher_text(const publication& of, const trust_list& trust);

/// errc::ambiguous: `what` means all of these.
error ambiguity(std::string_view what, const std::vector<tracking::share_row>& candidates, const trust_list& trust);

}  // namespace shoal
