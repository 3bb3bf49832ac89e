#include "cmd/arguments.hpp"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "cmd/command.hpp"
#include "store/printable.hpp"
#include "store/state_directory.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

error usage_error(const command& described, const std::string& text) {
  return {errc::usage, text + ": see 'node help " + std::string(described.name) + "'"};
}

result<po::parsed_options> read_config(const command& described, const po::options_description& known,
                                       const std::string& asked, const environment& variables) {
  const std::string path = asked.empty() ? default_config_path(variables) : asked;
  if (path.empty()) return po::parsed_options(&known);
  std::ifstream file(path);
  if (!file) {
    if (asked.empty() && errno == ENOENT) return po::parsed_options(&known);
    return system_error("cannot read the configuration file " + path, errno);
  }
  return settings_from_file(file, path, described.name, known);
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
    std::string config = parsed.text("config");
    if (const char* variable = variables("SHOAL_CONFIG"); config.empty() && variable != nullptr) config = variable;
    // What is stored first wins.
    po::store(settings_from_environment(known, variables), parsed.values_);
    const auto file = read_config(described, known, config, variables);
    if (!file) return file.error();
    po::store(*file, parsed.values_);
    po::notify(parsed.values_);
  } catch (const po::too_many_positional_options_error&) {
    return usage_error(described, "'" + std::string(described.name) + "' takes no arguments");
  } catch (const po::error& e) {
    return usage_error(described, e.what());
  }
  if (parsed.flag("help")) return parsed;

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
