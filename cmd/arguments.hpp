// The parsed options of one command, from the command line, the environment and the configuration file.
//
// run and the console make it; the commands read it. A value that is read has the type with which the option was
// declared. Reads the configuration file and nothing else.
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
  /// Parses `words`, which follow the command's name. They include global options in front of the name. usage names
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
  /// Where the value with this index in texts() was set, for messages: "SHOAL_DIR: ", "FILE, line 3: ". "" if it was
  /// typed.
  std::string origin(const std::string& name, std::size_t index) const;

  /// --state or its default, absolute. usage without a home directory.
  result<std::string> state_directory() const;

 private:
  /// Values that are set already win.
  result<void> store(const std::vector<setting>& settings, const boost::program_options::options_description& known);

  boost::program_options::variables_map values_;
  std::vector<std::string> typed_;
  std::map<std::string, std::vector<std::string>> origins_;  // of values that were not typed, by name
};

/// `path` made absolute against the present directory, without resolving links; "" stays "".
std::string absolute_path(const std::string& path);

}  // namespace shoal
