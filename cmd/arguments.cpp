#include "cmd/arguments.hpp"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <filesystem>

#include "cmd/command.hpp"
#include "cmd/home_path.hpp"
#include "cmd/nearest_word.hpp"
#include "cmd/program_name.hpp"
#include "cmd/setting_form.hpp"
#include "cmd/settings_file.hpp"
#include "core/utf8.hpp"
#include "store/printable.hpp"
#include "store/state_directory.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

error usage_error(const command& described, const std::string& text) {
  return {errc::usage, text + ": see " + quoted_command("help " + std::string(described.name))};
}

error unknown_option(const command& described, const std::string& typed, const po::options_description& known) {
  std::vector<std::string_view> names;
  for (const auto& one : known.options()) names.push_back(one->long_name());
  const std::size_t dashes = std::min(typed.find_first_not_of('-'), typed.size());
  const std::string_view nearest = nearest_word(std::string_view(typed).substr(dashes), names);
  const std::string text = "unknown option '" + typed + "'";
  if (nearest.empty()) return usage_error(described, text);
  return {errc::usage, text + ": did you mean '--" + std::string(nearest) + "'? See " +
                           quoted_command("help " + std::string(described.name))};
}

result<std::vector<setting>> read_config(const command& described, const po::options_description& known,
                                         const std::string& asked, const environment& variables) {
  const std::string path = asked.empty() ? default_config_path(variables) : expand_home(asked, variables);
  if (path.empty()) return std::vector<setting>();
  const auto text = read_settings_file(path);
  if (!text && asked.empty() && text.error().code == errc::not_found) return std::vector<setting>();
  if (!text) return text.error();
  return settings_from_file(*text, path, described.name, known);
}

result<void> check_typed(const po::parsed_options& typed) {
  for (const po::option& option : typed.options) {
    for (const std::string& value : option.value) {
      const auto fits = check_form(option.string_key, value);
      if (!fits) return error{fits.error().code, "--" + option.string_key + ": " + fits.error().text};
    }
  }
  return {};
}

// A `~` at the beginning of a value means the home directory, also where no shell has seen the value.
void expand_homes(po::variables_map& values, const environment& variables) {
  for (const char* name : {"config", "dir", "dump", "key", "output", "share", "sign", "state", "trust"}) {
    if (values.count(name) == 0) continue;
    boost::any& value = values.at(name).value();
    if (auto* path = boost::any_cast<std::string>(&value)) *path = expand_home(*path, variables);
    if (auto* paths = boost::any_cast<std::vector<std::string>>(&value)) {
      for (std::string& path : *paths) path = expand_home(path, variables);
    }
  }
}

}  // namespace

result<arguments> arguments::parse(const command& described, const std::vector<std::string>& words,
                                   const environment& variables) {
  for (const std::string& word : words) {
    // Words travel to the peer as JSON, and names of shares are UTF-8.
    if (!is_utf8(word)) {
      return error{errc::usage, "'" + printable(word) + "' is not UTF-8: rename it, or set a UTF-8 locale"};
    }
  }
  const po::options_description visible = options_of(described);
  po::options_description known;
  known.add(visible);
  po::positional_options_description positional;
  if (described.operands_max > 0) {
    known.add_options()("operands", po::value<std::vector<std::string>>());
    positional.add("operands", -1);
  }

  arguments parsed;
  try {
    namespace style = po::command_line_style;
    // Guessing would let an abbreviation that works today mean something else tomorrow.
    const int strict = style::default_style & ~style::allow_guessing;
    const po::parsed_options typed =
        po::command_line_parser(words).options(known).positional(positional).style(strict).run();
    for (const po::option& option : typed.options) parsed.typed_.push_back(option.string_key);
    po::store(typed, parsed.values_);
    // Help works with a broken settings file, too.
    if (parsed.flag("help")) return parsed;
    if (const auto fits = check_typed(typed); !fits) return fits.error();
    std::string config = parsed.text("config");
    if (const char* variable = variables("SHOAL_CONFIG"); config.empty() && variable != nullptr) config = variable;
    const auto from_environment = settings_from_environment(known, variables);
    if (!from_environment) return from_environment.error();
    if (const auto stored = parsed.store(*from_environment, known); !stored) return stored.error();
    const auto from_file = read_config(described, known, config, variables);
    if (!from_file) return from_file.error();
    if (const auto stored = parsed.store(*from_file, known); !stored) return stored.error();
    expand_homes(parsed.values_, variables);
    po::notify(parsed.values_);
  } catch (const po::too_many_positional_options_error&) {
    return usage_error(described, "'" + std::string(described.name) + "' takes no arguments");
  } catch (const po::unknown_option& e) {
    return unknown_option(described, e.get_option_name(), visible);
  } catch (const po::error& e) {
    return usage_error(described, e.what());
  }

  const std::size_t operands = parsed.texts("operands").size();
  if (operands < described.operands_min) {
    return usage_error(described, "'" + std::string(described.name) + "' needs " + std::string(described.operands));
  }
  if (operands > described.operands_max) {
    return usage_error(described, "'" + std::string(described.name) + "' takes no further argument '" +
                                      parsed.texts("operands")[described.operands_max] + "'");
  }
  return parsed;
}

result<void> arguments::store(const std::vector<setting>& settings, const po::options_description& known) {
  for (const setting& one : settings) {
    po::parsed_options parsed(&known);
    parsed.options.emplace_back(one.name, one.values);
    try {
      po::store(parsed, values_);
    } catch (const po::error& e) {
      return error{errc::usage, one.origins.front() + ": " + e.what()};
    }
    if (!typed(one.name.c_str())) origins_.emplace(one.name, one.origins);
  }
  return {};
}

std::string arguments::origin(const std::string& name, std::size_t index) const {
  const auto at = origins_.find(name);
  return at == origins_.end() || index >= at->second.size() ? std::string() : at->second[index] + ": ";
}

bool arguments::has(const char* name) const {
  return values_.count(name) != 0;
}

bool arguments::typed(const char* name) const {
  return std::ranges::find(typed_, name) != typed_.end();
}

bool arguments::flag(const char* name) const {
  return has(name) && values_[name].as<bool>();
}

std::string arguments::text(const char* name) const {
  return has(name) ? values_[name].as<std::string>() : std::string();
}

std::vector<std::string> arguments::texts(const char* name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

std::uint32_t arguments::number(const char* name) const {
  return has(name) ? values_[name].as<std::uint32_t>() : 0;
}

result<std::string> arguments::state_directory() const {
  const std::string asked = text("state");
  if (!asked.empty()) return absolute_path(asked);
  return default_state_directory();
}

std::string absolute_path(const std::string& path) {
  if (path.empty()) return path;
  std::error_code ec;
  const auto absolute = std::filesystem::absolute(path, ec);
  if (ec) return path;
  std::string normal = absolute.lexically_normal().string();
  // "." and "x/" would keep a slash at the end.
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace shoal
