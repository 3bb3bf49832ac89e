#include "cmd/setting_form.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "core/human_bytes.hpp"
#include "core/rate_text.hpp"
#include "net/access_token.hpp"
#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "store/printable.hpp"
#include "tracker/tracker_node.hpp"

namespace shoal {

namespace {

// A peer that is silent for longer than three of these is lost. Nobody would wait for it any longer.
constexpr std::uint32_t heartbeat_ms_max = 600'000;
constexpr auto heartbeat_ms_min =
    static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(tracker_options::heartbeat_min).count());

template <class Parsed>
result<void> outcome_of(const result<Parsed>& parsed) {
  if (!parsed) return parsed.error();
  return {};
}

result<void> check_number(const std::string& value, std::uint32_t least, std::uint32_t most, const char* unit) {
  std::uint32_t number = 0;
  const char* const last = value.data() + value.size();
  const auto [end, ec] = std::from_chars(value.data(), last, number);
  if (!value.empty() && ec == std::errc{} && end == last && number >= least && number <= most) return {};
  return error{errc::usage, "'" + printable(value) + "' does not fit: use " + std::to_string(least) + " to " +
                                std::to_string(most) + unit};
}

result<void> check_address(const std::string& value) {
  boost::system::error_code ec;
  asio::ip::make_address(value, ec);
  if (value.empty() || !ec) return {};
  return error{errc::usage, "'" + printable(value) + "' is no address: write one such as 192.0.2.1, without a port"};
}

result<void> check_log_format(const std::string& value) {
  if (value == "text" || value == "json") return {};
  return error{errc::usage, "unknown log format '" + printable(value) + "': use text or json"};
}

// A script that gives an empty variable must not get what stands for no option at all, such as the default peer.
bool is_path(std::string_view name) {
  constexpr std::array<std::string_view, 12> paths{"cert",   "cert-key", "config", "dir",   "dump",  "key",
                                                   "output", "share",    "sign",   "state", "token", "trust"};
  return std::ranges::find(paths, name) != paths.end();
}

// What is a key itself must not be repeated in an error, and is no secret any more.
result<void> check_key_file(const std::string& value) {
  if (!value.starts_with("shoal-")) return {};
  return error{errc::usage,
               "this is a key and not the name of a file: put it into a file of mode 0600, and make a new "
               "one, because others can read command lines and the environment"};
}

// Likewise.
result<void> check_token_file(const std::string& value) {
  if (!access_token::is_token(value)) return {};
  return error{errc::usage,
               "this is a token and not the name of a file: put it into a file of mode 0600, and make a new one, "
               "because others can read command lines and the environment"};
}

}  // namespace

result<void> check_form(std::string_view name, const std::string& value) {
  if (value.empty() && is_path(name)) return error{errc::usage, "'' is no path: name a file or directory"};
  if (name == "tracker") return outcome_of(parse_host_port(value, tracker_port_default));
  if (name == "peer") return outcome_of(parse_host_port(value));
  if (name == "listen") return outcome_of(parse_listen_endpoint(value));
  if (name == "up-limit" || name == "down-limit" || name == "up" || name == "down")
    return outcome_of(parse_rate(value));
  if (name == "key") return check_key_file(value);
  if (name == "token") return check_token_file(value);
  if (name == "advertise" || name == "api-listen") return check_address(value);
  if (name == "fetch-on-read") return outcome_of(parse_bytes(value));
  if (name == "workers") return check_number(value, 0, workers_max, " threads");
  if (name == "heartbeat") return check_number(value, heartbeat_ms_min, heartbeat_ms_max, " milliseconds");
  if (name == "log-level") return check_log_level(value);
  if (name == "log-format") return check_log_format(value);
  return {};
}

}  // namespace shoal
