// The options that make a peer, for `node peer` and for commands that act alone.
//
// Checks what can be checked before anything is opened. So a typing error is told in the user's words.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "cmd/arguments.hpp"
#include "core/error.hpp"
#include "net/certificate_files.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

/// The options of `node peer`.
void add_peer_options(boost::program_options::options_description& options);

/// The key files of a private swarm, for everything that connects to it.
void add_key_option(boost::program_options::options_description& options);
/// Absolute paths.
std::vector<std::string> key_files_of(const arguments& given);

/// The certificate that a node of a private swarm shows to programs without the key.
void add_certificate_options(boost::program_options::options_description& options);
/// Absolute paths, or none. Errors: usage.
result<certificate_paths> certificate_of(const arguments& given);

/// Reads those of these options that the command has. Makes paths absolute. Errors: usage.
result<peer_options> peer_options_of(const arguments& given);

}  // namespace shoal
