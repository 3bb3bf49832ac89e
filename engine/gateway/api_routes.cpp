#include "gateway/api_routes.hpp"

#include <algorithm>
#include <array>

#include "store/printable.hpp"

namespace shoal {

namespace {

using boost::beast::http::verb;

constexpr std::array routes{
    api_route{verb::get, "/v1/status", "status", "", "What this peer does"},
    api_route{verb::get, "/v1/shares", "list", "glob versions", "What the swarm has"},
    api_route{verb::post, "/v1/shares", "add", "", "Shares files and folders of this machine"},
    api_route{verb::delete_, "/v1/shares/{what}", "remove", "", "Stops sharing, or deletes what a download has"},
    api_route{verb::get, "/v1/shares/{what}/torrent", "torrent", "", "The .torrent and the magnet link of a share"},
    api_route{verb::post, "/v1/shares/{what}/verify", "verify", "", "Hashes the content of a share again"},
    api_route{verb::get, "/v1/shares/{what}/why", "why", "", "What holds up the download of a share"},
    api_route{verb::get, "/v1/shares/{what}/pieces", "pieces", "", "Which pieces of a share are here, and at whom"},
    api_route{verb::get, "/v1/shares/{what}/limits", "limit", "", "How fast a share may send and receive"},
    api_route{verb::put, "/v1/shares/{what}/limits", "limit", "", "Sets how fast a share may send and receive"},
    api_route{verb::post, "/v1/downloads", "download", "", "Downloads; answers at once unless `wait` is true"},
    api_route{verb::delete_, "/v1/downloads/{what}", "cancel", "", "Stops a download, and keeps what it has"},
    api_route{verb::get, "/v1/why", "why", "", "What holds up the downloads that are not complete"},
    api_route{verb::get, "/v1/limits", "limit", "", "How fast this peer may send and receive"},
    api_route{verb::put, "/v1/limits", "limit", "", "Sets how fast this peer may send and receive"},
    api_route{verb::get, "/v1/peers", "peers", "", "Who is in the swarm"},
    api_route{verb::get, "/v1/flows", "flows", "", "Who sends to this peer and gets from it, and how fast"},
    api_route{verb::get, "/v1/keys", "keys", "", "The keys of a private swarm, and who uses which"},
    api_route{verb::get, "/v1/dump", "dump", "names", "What a maintainer needs to know"},
    api_route{verb::get, "/v1/ping", "ping", "", "Whether the peer is alive"},
    api_route{verb::post, "/v1/stop", "stop", "", "Ends the peer"},
};

/// The first segment, which is taken off.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool fits(std::string_view pattern, std::string_view path, boost::json::object& params) {
  while (!pattern.empty() || !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (given.empty()) return false;
    if (wanted == "{what}") {
      params["what"] = boost::json::string_view(given.data(), given.size());
    } else if (wanted != given) {
      return false;
    }
  }
  return true;
}

bool names(std::string_view list, std::string_view one) {
  while (!list.empty()) {
    const std::string_view first = list.substr(0, list.find(' '));
    if (first == one) return true;
    list.remove_prefix(std::min(first.size() + 1, list.size()));
  }
  return false;
}

result<void> read_query(std::string_view query, const api_route& route, boost::json::object& params) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const std::string name(one.substr(0, one.find('=')));
    if (!names(route.query, name)) return no_parameter(name, route);
    if (params.contains(name)) return error{errc::usage, "parameter '" + name + "' is given twice"};
    std::string text(one.substr(std::min(name.size() + 1, one.size())));
    // As forms write a blank.
    std::ranges::replace(text, '+', ' ');
    auto value = decoded_text(text);
    if (!value) return value.error();
    if (*value == "true" || *value == "false") {
      params[name] = *value == "true";
    } else {
      params[name] = std::move(*value);
    }
  }
  return {};
}

}  // namespace

bool needs_token(const api_route& route) {
  return route.verb != verb::get || route.method == "dump" || route.method == "torrent";
}

error no_parameter(std::string_view name, const api_route& route) {
  return {errc::usage, "no parameter '" + printable(name) + "' at " + std::string(route.path)};
}

result<api_call> find_call(verb asked, const request_target& target, std::string& allowed) {
  for (const api_route& route : routes) {
    api_call call{&route, {}};
    if (!fits(route.path, target.path, call.params)) continue;
    if (route.verb != asked) {
      const auto name = boost::beast::http::to_string(route.verb);
      allowed += (allowed.empty() ? "" : ", ") + std::string(name.data(), name.size());
      continue;
    }
    allowed.clear();
    if (route.method == "download") call.params["wait"] = false;
    const auto read = read_query(target.query, route, call.params);
    if (!read) return read.error();
    return call;
  }
  if (allowed.empty())
    return error{errc::not_found, "there is no " + target.path + " here: docs/openapi.json has all paths"};
  return error{errc::usage, "at " + target.path + " only " + allowed + " is known"};
}

}  // namespace shoal
