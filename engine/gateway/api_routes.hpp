// The paths of the API, and which method of peer_control each of them means. Pure.
//
// tools/openapi writes docs/openapi.json from this table and from the descriptions of requests and rows.
#pragma once

#include <boost/beast/http/verb.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "gateway/request_target.hpp"

namespace shoal {

struct api_route {
  boost::beast::http::verb verb;
  /// "{what}" stands for one segment, which becomes the parameter `what`.
  std::string_view path;
  std::string_view method;
  /// Parameters of the method that the query may give, parted by blanks.
  std::string_view query;
  std::string_view summary;
};

/// errc::usage: neither the query nor the body of a request to `route` has a parameter of this name.
error no_parameter(std::string_view name, const api_route& route);
/// Whether the request changes something, or tells what only the user may know.
bool needs_token(const api_route& route);

struct api_call {
  const api_route* route = nullptr;
  boost::json::object params;
};
/// What a request means. errc::not_found: there is no such path. errc::usage with `allowed`: the path has other verbs,
/// which it names. errc::usage without it: the query has a parameter that the route does not know.
result<api_call> find_call(boost::beast::http::verb verb, const request_target& target, std::string& allowed);

}  // namespace shoal
