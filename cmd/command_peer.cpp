#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cerrno>

#include "cmd/command.hpp"
#include "cmd/console.hpp"
#include "cmd/json_fields.hpp"
#include "cmd/node_host.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/terminal.hpp"
#include "net/endpoint.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// Told here, before the peer serves, because nobody reads the log of a peer that starts with a typing error.
result<void> check_shares(const peer_options& options) {
  for (const std::string& path : options.shares) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return system_error("cannot share '" + path + "'", errno);
  }
  return {};
}

std::string ready_line(const peer_node& node) {
  json::object ready;
  ready["listen"] = json::array{to_text(node.local())};
  ready["control"] = node.control_path();
  ready["peer"] = node.id().hex();
  return "READY " + json::serialize(ready) + "\n";
}

std::string banner(const peer_node& node, const peer_options& options) {
  std::string trackers;
  for (const std::string& tracker : options.trackers) trackers += (trackers.empty() ? "" : ", ") + tracker;
  return fmt::format(
      "This peer listens on {}, {}.\nDownloads go to {}. HELP lists the commands, Ctrl-D ends the peer.\n",
      to_text(node.local()), trackers.empty() ? "without a tracker" : "tracker " + trackers,
      options.download_directory);
}

result<void> run(const invocation& call) {
  auto options = peer_options_of(call.given);
  if (!options) return options.error();
  if (const auto checked = check_shares(*options); !checked) return checked;
  node_host<peer_node> host(*options);
  if (const auto started = host.start(); !started) return started;
  if (!console_possible()) {
    if (const auto printed = print(ready_line(host.node())); !printed) return printed;
    host.wait_for(call.stop);
    return {};
  }
  if (const auto printed = print(banner(host.node(), *options)); !printed) return printed;
  run_console(options->state_directory, host.finished_descriptor(), call.stop);
  return {};
}

}  // namespace

command peer_command() {
  return {.name = "peer",
          .summary = "Runs a peer: shares, downloads, serves. On a terminal it is also the console.",
          .example = "node peer --tracker 192.0.2.1:7000 --dir /data --share big.iso",
          .in_console = false,
          .add_options = &add_peer_options,
          .run = &run};
}

}  // namespace shoal
