#include "cmd/settings.hpp"

#include <algorithm>
#include <cctype>

namespace shoal {

namespace po = boost::program_options;

namespace {

std::string variable_of(std::string_view name) {
  std::string variable = "SHOAL_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

bool is_list(std::string_view name) {
  return name == "tracker";
}

std::vector<std::string> values_of(std::string_view name, std::string_view text) {
  if (!is_list(name)) return {std::string(text)};
  std::vector<std::string> values(1);
  for (const char c : text) {
    if (c != ',' && c != ' ') {
      values.back() += c;
    } else if (!values.back().empty()) {
      values.emplace_back();
    }
  }
  if (values.back().empty()) values.pop_back();
  return values;
}

bool is_setting(std::string_view name) {
  return std::ranges::find(setting_names(), name) != setting_names().end();
}

}  // namespace

const std::vector<std::string_view>& setting_names() {
  static const std::vector<std::string_view> names{"tracker",   "dir",        "state",          "listen",   "name",
                                                   "workers",   "advertise",  "share",          "symlinks", "heartbeat",
                                                   "log-level", "log-format", "allow-advertise"};
  return names;
}

po::parsed_options settings_from_environment(const po::options_description& known, const environment& variables) {
  po::parsed_options parsed(&known);
  for (const std::string_view name : setting_names()) {
    const std::string key(name);
    // Paths may hold any character that could part them.
    if (name == "share" || known.find_nothrow(key, false) == nullptr) continue;
    const char* text = variables(variable_of(name).c_str());
    if (text == nullptr || *text == '\0') continue;
    const auto values = values_of(name, text);
    if (!values.empty()) parsed.options.emplace_back(key, values);
  }
  return parsed;
}

result<po::parsed_options> settings_from_file(std::istream& file, const std::string& path, std::string_view command,
                                              const po::options_description& known) {
  po::parsed_options all(&known);
  try {
    const po::options_description nothing;
    all = po::parse_config_file(file, nothing, true);
  } catch (const po::error& e) {
    return error{errc::usage, path + ": " + e.what()};
  }
  po::parsed_options of_command(&known);
  po::parsed_options of_all(&known);
  for (const po::option& option : all.options) {
    const auto dot = option.string_key.rfind('.');
    const std::string section = dot == std::string::npos ? "" : option.string_key.substr(0, dot);
    const std::string name = dot == std::string::npos ? option.string_key : option.string_key.substr(dot + 1);
    if (!is_setting(name)) return error{errc::usage, path + ": unknown setting '" + option.string_key + "'"};
    if (known.find_nothrow(name, false) == nullptr) continue;
    auto& target = section.empty() ? of_all : of_command;
    if (!section.empty() && section != command) continue;
    target.options.emplace_back(name, option.value);
  }
  for (const po::option& option : of_all.options) {
    const bool overridden = std::ranges::any_of(
        of_command.options, [&option](const po::option& other) { return other.string_key == option.string_key; });
    if (!overridden) of_command.options.push_back(option);
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
