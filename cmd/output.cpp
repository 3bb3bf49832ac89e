#include "cmd/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <string>

#include "cmd/remedy.hpp"
#include "cmd/terminal.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

bool as_json = false;

void print_object(const json::object& object) {
  write_whole(STDERR_FILENO, json::serialize(object) + "\n");
}

}  // namespace

void use_json_output(bool on) {
  as_json = on;
}

bool json_output() {
  return as_json;
}

result<void> print(std::string_view text) {
  if (write_whole(STDOUT_FILENO, text) || errno == EPIPE) return {};
  return system_error("cannot write to stdout", errno);
}

void note(std::string_view line) {
  const std::string text = displayable(line);
  constexpr std::string_view prefix = "note: ";
  if (as_json) return print_object({{"note", text.starts_with(prefix) ? text.substr(prefix.size()) : text}});
  write_whole(STDERR_FILENO, text + "\n");
}

void print_error(const error& e) {
  const std::string text = (e.code == errc::cancelled || as_json ? "" : "error: ") + text_with_remedy(e);
  std::string shown;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    shown += displayable(std::string_view(text).substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  if (!as_json) {
    write_whole(STDERR_FILENO, shown);
    return;
  }
  shown.pop_back();
  json::object failure{{"class", name_of(e.code)}, {"message", shown}, {"exit", exit_code(e.code)}};
  print_object({{"error", std::move(failure)}});
}

}  // namespace shoal
