// What bench/tracker.py tells a tracker_load on its command line, and how the program gives up.
//
// Used by tracker_load alone. It ends the process with a line that says what is wrong.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

namespace shoal::bench {

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "tracker_load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

struct settings {
  sockaddr_in tracker{};
  sockaddr_in source{};
  std::size_t sessions = 1;
  std::size_t shares = 0;  ///< sessions that publish one share each
  std::size_t expect = 1;  ///< peers of the whole swarm
  bool crowd = false;      ///< all sessions download one share
  std::string name = "load";
};

inline std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) die("not a number: " + std::string(text));
  return value;
}

inline sockaddr_in endpoint(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &out.sin_addr) != 1) die("not an address: " + address);
  return out;
}

/// The seven words behind the name of the program.
inline settings settings_of(char** words) {
  settings given;
  given.tracker = endpoint("127.0.0.1", static_cast<std::uint16_t>(number(words[1])));
  given.source = endpoint(words[2], 0);
  given.name = words[3];
  given.sessions = number(words[4]);
  given.shares = number(words[5]);
  given.expect = number(words[6]);
  given.crowd = number(words[7]) > 0;
  return given;
}

}  // namespace shoal::bench
