// The option --trust: a file with the public keys of the publishers that the user trusts.
//
// Whoever has the option reads the file itself, so that errors name the file and its line, and sends the text to the
// peer. Reads files; on the main thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/program_options/options_description.hpp>
#include <string>

#include "cmd/arguments.hpp"
#include "content/trust_list.hpp"
#include "core/error.hpp"

namespace shoal {

/// `use` says what the command does with the keys: "take names only of publishers".
void add_trust_option(boost::program_options::options_description& options, const std::string& use);

/// The text of the file, which is a trust list; "" without the option. Errors name the file.
result<std::string> trust_text_of(const arguments& given);

/// The list; an empty one without the option.
result<trust_list> trust_list_of(const arguments& given);

}  // namespace shoal
