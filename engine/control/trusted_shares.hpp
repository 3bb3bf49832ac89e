// What a word means among the shares that trackers list and this peer has, for people who trust some publishers.
//
// Ids mean themselves. Names and globs mean what directory/name_choice lets pass. On the network thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "directory/name_choice.hpp"

namespace shoal {

class peer_node;

/// The publishers of a trust file that a request carries, or those that the peer trusts. errc::usage: the text is none.
result<trust_list> trust_of(const peer_node& node, const std::optional<std::string>& text);

/// As catalogue::find. A name and a glob mean only what `trust` and the publishers that are known let pass. With a
/// glob, `refused` says what did not; a name whose shares were all refused is an error. errc::verification.
result<std::vector<tracking::share_row>> find_trusted(const peer_node& node, const std::string& what,
                                                      const trust_list& trust, std::vector<error>& refused);

}  // namespace shoal
