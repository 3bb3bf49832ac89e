#include "cmd/settings.hpp"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cctype>

#include "cmd/command.hpp"
#include "cmd/nearest_word.hpp"
#include "cmd/setting_form.hpp"
#include "cmd/settings_file.hpp"
#include "core/utf8.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

// People open a file with the name of its program.
constexpr std::string_view section_of_all = "shoal";

std::string variable_of(std::string_view name) {
  std::string variable = "SHOAL_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

// One value may hold several of these, parted by commas or blanks.
bool is_list(std::string_view name) {
  return name == "tracker";
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> values(1);
  for (const char c : text) {
    if (c != ',' && c != ' ' && c != '\t') {
      values.back() += c;
    } else if (!values.back().empty()) {
      values.emplace_back();
    }
  }
  if (values.back().empty()) values.pop_back();
  return values;
}

std::vector<std::string> parts_of(std::string_view name, const std::string& value) {
  return is_list(name) ? split_list(value) : std::vector<std::string>{value};
}

void append_value(setting& one, const std::string& value, const std::string& origin) {
  for (std::string& part : parts_of(one.name, value)) {
    one.values.push_back(std::move(part));
    one.origins.push_back(origin);
  }
}

result<void> check_values(std::string_view name, const std::string& value) {
  for (const std::string& part : parts_of(name, value)) {
    if (auto fits = check_form(name, part); !fits) return fits;
  }
  return {};
}

bool takes_several(const po::options_description& known, const std::string& name) {
  const auto semantic = known.find(name, false).semantic();
  return dynamic_cast<const po::typed_value<std::vector<std::string>>*>(semantic.get()) != nullptr;
}

error unknown_setting(const std::string& name) {
  const std::string_view nearest = nearest_word(name, setting_names());
  std::string remedy;
  if (!nearest.empty()) remedy = "did you mean '" + std::string(nearest) + "'?";
  if (nearest.empty()) {
    remedy = "settings are";
    for (const std::string_view known : setting_names()) {
      remedy += (known == setting_names().front() ? " " : ", ") + std::string(known);
    }
  }
  return {errc::usage, "unknown setting '" + name + "': " + remedy};
}

result<void> check_section(const setting_line& line) {
  if (line.section.empty() || line.section == section_of_all || find_command(line.section) != nullptr) return {};
  return error{errc::usage, "unknown section [" + printable(line.section) +
                                "]: use the name of a command, such as [peer], or lines in front of all sections"};
}

// The error in the line, whichever command reads it.
result<void> check_line(const setting_line& line) {
  if (std::ranges::find(setting_names(), line.name) == setting_names().end()) return unknown_setting(line.name);
  for (const std::string& value : line.values) {
    const auto fits = check_values(line.name, value);
    if (!fits) return error{fits.error().code, line.name + ": " + fits.error().text};
  }
  return {};
}

// Lines of one name become one setting. A setting with a single value may have one line only.
result<void> take_line(std::vector<setting>& settings, const setting_line& line, const std::string& path,
                       const po::options_description& known) {
  if (line.values.empty()) return {};
  const auto same = [&line](const setting& one) { return one.name == line.name; };
  auto at = std::ranges::find_if(settings, same);
  const bool again = at != settings.end();
  if (!takes_several(known, line.name) && (again || line.values.size() > 1)) {
    return error{errc::usage, "'" + line.name + "' takes one value" +
                                  (again ? ", and " + at->origins.front() + " sets it already" : std::string())};
  }
  if (!again) at = settings.insert(settings.end(), {line.name, {}, {}});
  for (const std::string& value : line.values) append_value(*at, value, line_of_file(path, line.line));
  return {};
}

}  // namespace

const std::vector<std::string_view>& setting_names() {
  static const std::vector<std::string_view> names{
      "tracker",    "dir",      "state",     "listen",      "name",        "workers",      "advertise",
      "share",      "symlinks", "heartbeat", "log-level",   "log-format",  "up-limit",     "allow-advertise",
      "down-limit", "key",      "trust",     "follow",      "api-listen",  "api-host",     "on-complete",
      "cert",       "cert-key", "token",     "no-announce", "no-discover", "fetch-on-read"};
  return names;
}

result<std::vector<setting>> settings_from_environment(const po::options_description& known,
                                                       const environment& variables) {
  std::vector<setting> settings;
  for (const std::string_view name : setting_names()) {
    // Paths may hold any character that could part them.
    if (name == "share") continue;
    const std::string variable = variable_of(name);
    const char* text = variables(variable.c_str());
    if (text == nullptr || *text == '\0') continue;
    if (!is_utf8(text)) return error{errc::usage, variable + ": '" + printable(text) + "' is not UTF-8"};
    if (const auto fits = check_values(name, text); !fits) {
      return error{fits.error().code, variable + ": " + fits.error().text};
    }
    if (known.find_nothrow(std::string(name), false) == nullptr) continue;
    setting one{std::string(name), {}, {}};
    append_value(one, text, variable);
    if (!one.values.empty()) settings.push_back(std::move(one));
  }
  return settings;
}

result<std::vector<setting>> settings_from_file(std::string_view text, const std::string& path,
                                                std::string_view command, const po::options_description& known) {
  const auto lines = parse_settings(text, path);
  if (!lines) return lines.error();
  std::vector<setting> of_command;
  std::vector<setting> of_all;
  for (const setting_line& line : *lines) {
    if (const auto known_section = check_section(line); !known_section) {
      return error{errc::usage, line_of_file(path, line.section_line) + ": " + known_section.error().text};
    }
    result<void> taken = check_line(line);
    const bool for_all = line.section.empty() || line.section == section_of_all;
    const bool meant = for_all || find_command(line.section) == find_command(command);
    if (taken && meant && known.find_nothrow(line.name, false) != nullptr) {
      taken = take_line(for_all ? of_all : of_command, line, path, known);
    }
    if (!taken) return error{taken.error().code, line_of_file(path, line.line) + ": " + taken.error().text};
  }
  for (setting& one : of_all) {
    const bool overridden =
        std::ranges::any_of(of_command, [&one](const setting& other) { return other.name == one.name; });
    if (!overridden) of_command.push_back(std::move(one));
  }
  return of_command;
}

std::string default_config_path(const environment& variables) {
  const char* base = variables("XDG_CONFIG_HOME");
  // The XDG specification says to ignore relative paths.
  if (base != nullptr && base[0] == '/') return std::string(base) + "/shoal/shoal.ini";
  const char* home = variables("HOME");
  if (home == nullptr || home[0] != '/') return {};
  return std::string(home) + "/.config/shoal/shoal.ini";
}

}  // namespace shoal
