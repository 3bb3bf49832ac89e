#include <fmt/format.h>

#include <boost/asio/ip/host_name.hpp>
#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/command.hpp"
#include "cmd/node_host.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/service_manager.hpp"
#include "core/lower_case.hpp"
#include "net/endpoint.hpp"
#include "net/host_names.hpp"
#include "tracker/tracker_node.hpp"

namespace shoal {

namespace json = boost::json;

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("listen", po::value<std::vector<std::string>>()->value_name("ADDR:PORT"),
      "where to listen (default: port 7000 of all addresses); may be repeated");
  add("heartbeat", po::value<std::uint32_t>()->value_name("MS"),
      "milliseconds between signs of life of a peer, at least 100 (default: 5000)");
  add("also", po::value<std::vector<std::string>>()->value_name("HOST:PORT"),
      "another tracker of this swarm, which peers of this one join, too; may be repeated");
  add("listed-peers", po::value<std::uint32_t>()->value_name("N"),
      "in a swarm of more than N peers tell each one how many there are, and which only if asked (default: 2000)");
  add("allow-advertise", po::bool_switch(),
      "believe the address that a peer names instead of the one it connects from");
  add("no-announce", po::bool_switch(), "do not tell the local network of this tracker (DNS-SD)");
  add("api-host", po::value<std::vector<std::string>>()->value_name("NAME"),
      "a further name of this machine under which a browser may watch the swarm; may be repeated");
  add_key_option(options);
  add_certificate_options(options);
  add("token", po::value<std::string>()->value_name("FILE"),
      "with --cert: file of the token that programs without the key need, for the page and the metrics");
}

/// What people see of it in the local network. The name of a service has at most 63 bytes (RFC 6763, 4.1.1).
std::string announced_name() {
  error_code ec;
  constexpr std::size_t host_bytes_max = 40;
  const std::string host = asio::ip::host_name(ec).substr(0, host_bytes_max);
  return host.empty() ? "shoal tracker" : "shoal tracker on " + host;
}

result<tracker_options> tracker_options_of(const arguments& given) {
  tracker_options options;
  auto listen = given.texts("listen");
  if (listen.empty()) listen.emplace_back("*");
  for (const std::string& text : listen) {
    const auto endpoint = parse_listen_endpoint(text, tracker_port_default);
    if (!endpoint) return endpoint.error();
    options.listen.push_back(*endpoint);
  }
  options.key_files = key_files_of(given);
  auto shown = certificate_of(given);
  if (!shown) return shown.error();
  options.certificate = std::move(*shown);
  options.token_file = absolute_path(given.text("token"));
  if (options.certificate.chain.empty() != options.token_file.empty()) {
    return error{errc::usage,
                 "--cert and --token belong together: give both, the token in a file such as a peer makes"};
  }
  if (given.has("heartbeat")) options.session.heartbeat = std::chrono::milliseconds(given.number("heartbeat"));
  for (const std::string& text : given.texts("also")) {
    const auto where = parse_host_port(text, tracker_port_default);
    if (!where) return where.error();
    options.session.trackers.push_back({to_text(*where)});
  }
  if (options.session.trackers.size() > tracking::trackers_max) {
    return error{errc::usage, "too many trackers: --also takes " + std::to_string(tracking::trackers_max)};
  }
  if (given.has("listed-peers")) options.limits.listed_peers_max = given.number("listed-peers");
  options.session.allow_advertise = given.flag("allow-advertise");
  if (!given.flag("no-announce")) options.announced_name = announced_name();
  for (const std::string& name : given.texts("api-host")) options.host_names.push_back(lower_case(name));
  return options;
}

std::string status_line(const tracker_node& node) {
  std::string addresses;
  for (const auto& endpoint : node.local()) addresses += (addresses.empty() ? "" : ", ") + to_text(endpoint);
  return "listens on " + addresses;
}

std::string ready_line(const tracker_node& node) {
  json::array listen;
  for (const auto& endpoint : node.local()) listen.emplace_back(to_text(endpoint));
  json::object ready;
  ready["listen"] = std::move(listen);
  if (const certificate* shown = node.keys().shown()) ready["certificate"] = shown->fingerprint();
  return (json_output() ? "" : "READY ") + json::serialize(ready) + "\n";
}

result<void> run(const invocation& call) {
  auto options = tracker_options_of(call.given);
  if (!options) return options.error();
  node_host<tracker_node> host(std::move(*options));
  if (const auto started = host.start(); !started) return started;
  if (const auto printed = print(ready_line(host.node())); !printed) return printed;
  tell_ready(status_line(host.node()));
  host.wait_for(call.stop);
  tell_stopping();
  return {};
}

}  // namespace

command tracker_command() {
  return {.name = "tracker",
          .summary = "Runs the tracker, which knows who is here and who has what.",
          .example = "--listen 0.0.0.0:7000",
          .in_console = false,
          .has_state = false,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
