// The parsed options of one command, from the command line, the environment and the configuration file.
//
// Made by run and the console, read by the commands; a value that is read has the type that the option was
// declared with. Reads the configuration file and nothing else.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cmd/settings.hpp"
#include "core/error.hpp"

namespace shoal {

struct command;

class arguments {
 public:
  /// Parses `words`, which follow the command's name (global options in front of it included). usage names
  /// what is unknown, missing or malformed.
  static result<arguments> parse(const command& described, const std::vector<std::string>& words,
                                 const environment& variables);

  bool flag(const char* name) const;
  /// "" if not given.
  std::string text(const char* name) const;
  /// Empty if not given.
  std::vector<std::string> texts(const char* name) const;
  /// 0 if not given.
  std::uint32_t number(const char* name) const;
  bool has(const char* name) const;
  /// Given on the command line itself.
  bool typed(const char* name) const;
  /// Where the value with this index in texts() was set, for messages: "SHOAL_DIR: ", "FILE, line 3: "; "" if it was
  /// typed.
  std::string origin(const std::string& name, std::size_t index) const;

  /// --state or where it is by default, absolute. usage without a home directory.
  result<std::string> state_directory() const;

 private:
  /// What is set already wins.
  result<void> store(const std::vector<setting>& settings, const boost::program_options::options_description& known);

  boost::program_options::variables_map values_;
  std::vector<std::string> typed_;
  std::map<std::string, std::vector<std::string>> origins_;  // of what was not typed, by name
};

/// `path` made absolute against the present directory, without resolving links; "" stays "".
std::string absolute_path(const std::string& path);

}  // namespace shoal
