#include "cmd/settings_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "core/lower_case.hpp"
#include "core/utf8.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-";
// A larger file is no settings file that somebody wrote.
constexpr std::size_t settings_bytes_max = std::size_t{256} << 10;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool begins_comment(char c) {
  return c == '#' || c == ';';
}

bool blank_or_comment(std::string_view rest) {
  rest = trimmed(rest);
  return rest.empty() || begins_comment(rest.front());
}

std::string_view without_comment(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool apart = at == 0 || blanks.find(text[at - 1]) != std::string_view::npos;
    if (apart && begins_comment(text[at])) return trimmed(text.substr(0, at));
  }
  return trimmed(text);
}

// Takes one quoted value off the front of `rest`; false if its quote is not closed.
bool take_quoted(std::string_view& rest, std::string& value) {
  const char quote = rest.front();
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == quote) {
      rest.remove_prefix(at + 1);
      return true;
    }
    const bool escapes = quote == '"' && rest[at] == '\\' && at + 1 < rest.size();
    if (escapes && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
    value += rest[at];
  }
  return false;
}

// The values. The error says what is wrong, and what to write.
result<std::vector<std::string>> values_of(std::string_view rest) {
  rest = trimmed(rest);
  std::vector<std::string> values;
  if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) {
    const std::string_view plain = without_comment(rest);
    if (!plain.empty()) values.emplace_back(plain);
    return values;
  }
  while (true) {
    std::string value;
    const char quote = rest.front();
    if (!take_quoted(rest, value)) return error{errc::usage, std::string("the quote ") + quote + " is not closed"};
    if (!value.empty()) values.push_back(std::move(value));
    if (blank_or_comment(rest)) return values;
    rest = trimmed(rest);
    if (rest.front() == ',') rest = trimmed(rest.substr(1));
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) {
      return error{errc::usage, "what follows the quoted value is not understood: write NAME = \"VALUE\""};
    }
  }
}

class settings_parser {
 public:
  result<void> take(std::string_view text, std::size_t number) {
    if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
      return error{errc::usage, "this is not UTF-8: save the file as UTF-8"};
    }
    text = trimmed(text);
    if (blank_or_comment(text)) return {};
    return text.front() == '[' ? take_section(text, number) : take_setting(text, number);
  }

  std::vector<setting_line> lines;

 private:
  result<void> take_section(std::string_view text, std::size_t number) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !blank_or_comment(text.substr(close + 1))) {
      return error{errc::usage, "'" + printable(text) + "' is no section: write [NAME]"};
    }
    section_ = lower_case(trimmed(text.substr(1, close - 1)));
    section_line_ = number;
    return {};
  }

  result<void> take_setting(std::string_view text, std::size_t number) {
    const auto sign = text.find_first_of("=:");
    setting_line line{number, section_, section_line_, lower_case(trimmed(text.substr(0, sign))), {}};
    std::ranges::replace(line.name, '_', '-');
    const bool named = !line.name.empty() && line.name.find_first_not_of(name_characters) == std::string::npos;
    if (sign == std::string_view::npos || !named) {
      return error{errc::usage, "'" + printable(text) + "' sets nothing: write NAME = VALUE"};
    }
    auto values = values_of(text.substr(sign + 1));
    if (!values) return error{errc::usage, line.name + ": " + values.error().text};
    line.values = std::move(*values);
    lines.push_back(std::move(line));
    return {};
  }

  std::string section_;
  std::size_t section_line_ = 0;
};

}  // namespace

std::string line_of_file(const std::string& path, std::size_t line) {
  return path + ", line " + std::to_string(line);
}

result<std::vector<setting_line>> parse_settings(std::string_view text, const std::string& path) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  settings_parser parser;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    const auto taken = parser.take(text.substr(0, end), ++number);
    if (!taken) return error{taken.error().code, line_of_file(path, number) + ": " + taken.error().text};
    if (end == std::string_view::npos) break;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return std::move(parser.lines);
}

result<std::string> read_settings_file(const std::string& path) {
  const std::string failure = "cannot read the settings file " + printable(path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_error(failure, errno);
  std::string text(settings_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return system_error(failure, errno);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > settings_bytes_max) {
    return error{errc::limit, printable(path) + " is longer than 256 KiB: is it a settings file?"};
  }
  return text;
}

}  // namespace shoal
