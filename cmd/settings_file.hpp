// A settings file as people write it, taken apart into the lines that set something.
//
// Lines are NAME = VALUE or [SECTION]. A line that begins with # or ; is a comment. After a blank, # or ; begins a
// comment, too. Values may stand in quotes, as in the console: '…' keeps everything, "…" all but \" and \\. Lines end
// in LF, CRLF or CR. A UTF-8 byte order mark is passed over. Pure but for read_settings_file. settings.hpp knows what
// names and sections mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal {

struct setting_line {
  std::size_t line = 0;             ///< from 1
  std::string section;              ///< in lower case; "" in front of every section
  std::size_t section_line = 0;     ///< where the section begins
  std::string name;                 ///< in lower case, with - for _
  std::vector<std::string> values;  ///< several only in quotes, which commas part; empty for "NAME ="
};

/// "PATH, line N": how messages name a line.
std::string line_of_file(const std::string& path, std::size_t line);

/// errc::usage names the file, the line that cannot be understood, and what to write.
result<std::vector<setting_line>> parse_settings(std::string_view text, const std::string& path);

/// The whole file, at most 256 KiB. The error is that of the system call, or errc::limit.
result<std::string> read_settings_file(const std::string& path);

}  // namespace shoal
