#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/program_name.hpp"
#include "cmd/quoting.hpp"
#include "content/trust_list.hpp"
#include "core/publisher_key.hpp"
#include "core/swarm_key.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace json = boost::json;
namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("publisher", po::bool_switch(), "a key that signs what you share, instead of the key of a private swarm");
  add("name", po::value<std::string>()->value_name("NAME"),
      "with --publisher: your name in the line for others (default: USER@HOST)");
}

// USER@HOST, as far as they are known.
std::string own_name() {
  std::array<char, 256> host{};
  const bool has_host = ::gethostname(host.data(), host.size() - 1) == 0;
  const passwd* user = ::getpwuid(::getuid());
  return std::string(user != nullptr ? user->pw_name : "publisher") + (has_host ? "@" + std::string(host.data()) : "");
}

result<void> make_publisher_key(const std::string& path, const std::string& name) {
  const auto secret = publisher_secret::make();
  if (!secret) return secret.error();
  const std::string line = trust_line(secret->key(), name);
  if (!trust_list::parse(line)) return error{errc::usage, "the name '" + name + "' cannot stand in a trust file"};
  if (const auto written = write_secret_file(path, secret->line()); !written) return written;
  if (json_output()) {
    const json::object made{
        {"kind", "publisher"}, {"file", path}, {"fingerprint", fingerprint(secret->key())}, {"public", line}};
    return print(json::serialize(made) + "\n");
  }
  note(fmt::format("made a publisher key in {}, fingerprint {}", path, fingerprint(secret->key())));
  note("sign what you share: " + quoted_command("add PATH --sign " + path) +
       "; keep the file secret, and keep a copy of it");
  note("those who trust you put this line into a file, and name the file with --trust:");
  return print(line + "\n");
}

result<void> make_swarm_key(const std::string& path) {
  const auto key = swarm_key::make();
  if (!key) return key.error();
  if (const auto written = write_secret_file(path, key->line()); !written) return written;
  if (json_output()) {
    const json::object made{{"kind", "swarm"}, {"file", path}, {"id", key->id().hex()}};
    return print(json::serialize(made) + "\n");
  }
  note("copy the file to each machine of the swarm, by a way that nobody else can read");
  note("tracker, peers and commands there take it with --key " + path);
  return print(fmt::format("made the key of a private swarm in {}, id {}\n", path, key->id().hex()));
}

result<void> run(const invocation& call) {
  const bool publisher = call.given.flag("publisher");
  if (call.given.typed("name") && !publisher) {
    return error{errc::usage, "--name works only with --publisher: add --publisher, or leave out --name"};
  }
  const auto operands = call.given.texts("operands");
  const std::string path = !operands.empty() ? operands.front() : publisher ? "publisher.key" : "swarm.key";
  if (path.empty()) return error{errc::usage, "'' is no path: name the file of the new key"};
  if (!publisher) return make_swarm_key(path);
  return make_publisher_key(path, call.given.typed("name") ? call.given.text("name") : own_name());
}

}  // namespace

command keygen_command() {
  return {.name = "keygen",
          .operands = "[FILE]",
          .operands_max = 1,
          .summary = "Makes a key: of a private swarm, or with --publisher one that signs what you share.",
          .example = "--publisher ~/publisher.key",
          .in_console = false,
          .has_state = false,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
