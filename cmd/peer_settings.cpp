#include "cmd/peer_settings.hpp"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/limit_options.hpp"
#include "cmd/trust_option.hpp"
#include "net/endpoint.hpp"

namespace shoal {

namespace po = boost::program_options;

void add_key_option(po::options_description& options) {
  options.add_options()("key", po::value<std::vector<std::string>>()->value_name("FILE"),
                        "key file of a private swarm; may be repeated: the first key is offered, all are accepted");
}

std::vector<std::string> key_files_of(const arguments& given) {
  std::vector<std::string> paths;
  for (const std::string& path : given.texts("key")) paths.push_back(absolute_path(path));
  return paths;
}

void add_certificate_options(po::options_description& options) {
  auto add = options.add_options();
  add("cert", po::value<std::string>()->value_name("FILE"),
      "in a private swarm: the certificate for HTTPS, with its chain (PEM)");
  add("cert-key", po::value<std::string>()->value_name("FILE"), "the private key of that certificate");
}

result<certificate_paths> certificate_of(const arguments& given) {
  if (given.has("cert") != given.has("cert-key")) {
    return error{errc::usage, "--cert and --cert-key belong together: give both"};
  }
  if (given.has("cert") && !given.has("key")) {
    return error{errc::usage, "--cert is for a private swarm: give its key with --key FILE"};
  }
  return certificate_paths{absolute_path(given.text("cert")), absolute_path(given.text("cert-key"))};
}

void add_peer_options(po::options_description& options) {
  auto add = options.add_options();
  using texts = std::vector<std::string>;
  add("tracker", po::value<texts>()->value_name("HOST:PORT"),
      "tracker of the swarm (port 7000 if none is given); may be repeated");
  add_key_option(options);
  add("dir", po::value<std::string>()->value_name("DIR"), "where downloads go (default: the current directory)");
  add("share", po::value<texts>()->value_name("PATH"), "share a file or folder from the start; may be repeated");
  add("follow", po::bool_switch(), "share each new version of what --share names by itself");
  add("listen", po::value<std::string>()->value_name("ADDR:PORT"),
      "where to listen (default: a free port of all addresses)");
  add("name", po::value<std::string>()->value_name("NAME"), "how others see this peer (default: the host name)");
  add("workers", po::value<std::uint32_t>()->value_name("N"), "threads that hash and write (default: 0, one per core)");
  add("advertise", po::value<std::string>()->value_name("ADDRESS"),
      "the address that the tracker tells others, if it allows that");
  add_trust_option(options, "take names only of publishers");
  add_limit_options(options, "");
}

result<peer_options> peer_options_of(const arguments& given) {
  peer_options options;
  // Without a state directory the peer says what is missing, unless it needs none.
  if (const auto state = given.state_directory()) options.state_directory = *state;
  options.download_directory = absolute_path(given.has("dir") ? given.text("dir") : ".");
  for (const std::string& tracker : given.texts("tracker")) {
    const auto parsed = parse_host_port(tracker, tracker_port_default);
    if (!parsed) return parsed.error();
    // A tracker that is written in two ways would be joined twice, each time in place of the other.
    const std::string name = to_text(*parsed);
    if (std::ranges::find(options.trackers, name) == options.trackers.end()) options.trackers.push_back(name);
  }
  for (const std::string& path : given.texts("share")) options.shares.push_back(absolute_path(path));
  options.key_files = key_files_of(given);
  options.follow = given.flag("follow");
  if (given.has("listen")) {
    options.listen = given.text("listen");
    if (const auto parsed = parse_listen_endpoint(options.listen); !parsed) return parsed.error();
  }
  options.name = given.text("name");
  options.advertise = given.text("advertise");
  options.workers = given.number("workers");
  auto trust = trust_list_of(given);
  if (!trust) return trust.error();
  options.trust = std::move(*trust);
  const auto limits = limits_of_process(given);
  if (!limits) return limits.error();
  options.limits = *limits;
  return options;
}

}  // namespace shoal
