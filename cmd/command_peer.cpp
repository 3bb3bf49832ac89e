#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <cerrno>
#include <utility>

#include "cmd/command.hpp"
#include "cmd/console.hpp"
#include "cmd/node_host.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/service_manager.hpp"
#include "cmd/terminal.hpp"
#include "core/human_bytes.hpp"
#include "core/lower_case.hpp"
#include "gateway/peer_service.hpp"
#include "net/endpoint.hpp"
#include "net/host_names.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

// Told here, before the peer serves, because nobody reads the log of a peer that starts with a typing error.
result<void> check_shares(const peer_options& options, const arguments& given) {
  for (std::size_t i = 0; i < options.shares.size(); ++i) {
    const std::string& path = options.shares[i];
    struct stat found{};
    if (::lstat(path.c_str(), &found) == 0) continue;
    return system_error(given.origin("share", i) + "cannot share '" + path + "'", errno);
  }
  return {};
}

std::string ready_line(const peer_node& node) {
  json::object ready;
  ready["listen"] = json::array{to_text(node.local())};
  ready["control"] = node.control_path();
  ready["peer"] = node.id().hex();
  if (const certificate* shown = node.keys().shown()) ready["certificate"] = shown->fingerprint();
  return (json_output() ? "" : "READY ") + json::serialize(ready) + "\n";
}

std::string banner(const peer_node& node) {
  const peer_options& options = node.options();
  std::string trackers;
  for (const std::string& tracker : options.trackers) trackers += (trackers.empty() ? "" : ", ") + tracker;
  const certificate* shown = node.keys().shown();
  const char* const alone = options.find_tracker ? "looking for a tracker on the local network" : "without a tracker";
  return fmt::format(
      "This peer listens on {}, {}.\n{}Downloads go to {}. HELP lists the commands, Ctrl-D ends the peer.\n",
      to_text(node.local()), trackers.empty() ? alone : "tracker " + trackers,
      shown == nullptr ? "" : "Its certificate for HTTPS is " + shown->fingerprint() + ".\n",
      options.download_directory);
}

void add_options(boost::program_options::options_description& options) {
  add_peer_options(options);
  options.add_options()("no-console", boost::program_options::bool_switch(),
                        "no prompt, even on a terminal: print READY with the addresses, and run until a signal");
  using texts = std::vector<std::string>;
  options.add_options()("api-listen", boost::program_options::value<texts>()->value_name("ADDRESS"),
                        "also take changes over HTTP at this address of the machine, 0.0.0.0 for all; may be repeated "
                        "(default: only from this machine; over HTTPS from everywhere)");
  options.add_options()("on-complete", boost::program_options::value<texts>()->value_name("WORD"),
                        "a program to run when a download is complete; repeated, its arguments. It finds SHOAL_NAME, "
                        "SHOAL_PATH, SHOAL_ID and SHOAL_BYTES in its environment");
  options.add_options()("fetch-on-read", boost::program_options::value<std::string>()->value_name("SIZE"),
                        "fetch what is read over HTTP and is not here, and keep so much of it in the state directory, "
                        "as 20G (default: nothing is fetched)");
  options.add_options()("no-discover", boost::program_options::bool_switch(),
                        "without --tracker, do not look for one on the local network (DNS-SD)");
  add_certificate_options(options);
  options.add_options()("api-host", boost::program_options::value<texts>()->value_name("NAME"),
                        "a further name of this machine under which the API answers; may be repeated");
}

result<api_access> api_rules_of(const arguments& given) {
  api_access rules;
  for (const std::string& text : given.texts("api-listen")) {
    error_code ec;
    rules.change_addresses.push_back(asio::ip::make_address(text, ec));
    if (ec) return error{errc::usage, "'" + text + "' is no address: --api-listen takes one such as 192.0.2.7"};
  }
  for (const std::string& name : given.texts("api-host")) rules.host_names.push_back(lower_case(name));
  return rules;
}

result<void> run(const invocation& call) {
  auto options = peer_options_of(call.given);
  if (!options) return options.error();
  if (const auto checked = check_shares(*options, call.given); !checked) return checked;
  if (call.given.has("fetch-on-read")) {
    const auto bytes = parse_bytes(call.given.text("fetch-on-read"));
    if (!bytes) return error{errc::usage, call.given.origin("fetch-on-read", 0) + bytes.error().text};
    options->fetch_on_read = *bytes;
  }
  options->find_tracker = !call.given.flag("no-discover");
  auto api = api_rules_of(call.given);
  if (!api) return api.error();
  auto shown = certificate_of(call.given);
  if (!shown) return shown.error();
  node_host<peer_service> host(peer_service_options{.peer = std::move(*options),
                                                    .api = std::move(*api),
                                                    .certificate = std::move(*shown),
                                                    .on_complete = call.given.texts("on-complete")});
  if (const auto started = host.start(); !started) return started;
  if (!console_possible() || call.given.flag("no-console") || call.given.flag("json")) {
    if (const auto printed = print(ready_line(host.node().node())); !printed) return printed;
    tell_ready("listens on " + to_text(host.node().node().local()));
    host.wait_for(call.stop);
    tell_stopping();
    return {};
  }
  if (const auto printed = print(banner(host.node().node())); !printed) return printed;
  run_console(host.node().node().state_path(), host.finished_descriptor(), call.stop);
  return {};
}

}  // namespace

command peer_command() {
  return {.name = "peer",
          .summary = "Runs a peer: shares, downloads, serves. On a terminal it is also the console.",
          .example = "--tracker 192.0.2.1:7000 --dir /data --share big.iso",
          .in_console = false,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
