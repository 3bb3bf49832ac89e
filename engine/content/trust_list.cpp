#include "content/trust_list.hpp"

#include <algorithm>

#include "core/base64.hpp"
#include "core/utf8.hpp"

namespace shoal {

namespace {

constexpr std::string_view line_begins = "shoal-publisher-1 ";
constexpr std::size_t name_bytes_max = 255;
/// Digits of a fingerprint that listings show.
constexpr std::size_t digits_shown = 16;

error malformed(std::size_t line, const std::string& why) {
  return {errc::malformed, "line " + std::to_string(line) + " " + why};
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool is_printable(std::string_view name) {
  return is_utf8(name) && std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

result<trust_list> trust_list::parse(std::string_view text) {
  trust_list list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("shoal-publisher-key-")) {
      return malformed(number, "is a secret key: put the line there that keygen printed, and tell nobody this one");
    }
    if (!line.starts_with(line_begins))
      return malformed(number, "does not begin with shoal-publisher-1: copy the line that keygen printed");
    line = without_blanks(line.substr(line_begins.size()));
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto bytes = from_base64(line.substr(0, blank));
    const auto key = bytes ? publisher_key::from_bytes(*bytes) : std::nullopt;
    if (!key || *key == publisher_key{}) return malformed(number, "has no whole public key: copy it again");
    const std::string_view name = without_blanks(line.substr(blank));
    if (name.size() > name_bytes_max || !is_printable(name))
      return malformed(number, "has a name that cannot be shown");
    const std::string shown = name.empty() ? list.shown(*key) : std::string(name);
    if (!list.names_.emplace(*key, shown).second)
      return malformed(number, "has a key that stands there already: remove one of the two lines");
    if (list.names_.size() > trusted_keys_max) {
      return malformed(number, "is one key too many: at most " + std::to_string(trusted_keys_max) + " are taken");
    }
  }
  if (list.empty())
    return error{errc::malformed, "it holds no public key, so nobody would be trusted: add a line that keygen printed"};
  return list;
}

const std::string* trust_list::name_of(const publisher_key& key) const {
  const auto at = names_.find(key);
  return at == names_.end() ? nullptr : &at->second;
}

std::string trust_list::shown(const publisher_key& key) const {
  const std::string* name = name_of(key);
  return name != nullptr ? *name : fingerprint(key).substr(0, digits_shown);
}

std::string trust_line(const publisher_key& key, std::string_view name) {
  return std::string(line_begins) + to_base64(key.view()) + " " + std::string(name);
}

}  // namespace shoal
