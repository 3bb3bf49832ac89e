#include "gateway/problem.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace shoal {

std::string problem_of(http_status status, const error& why) {
  const auto title = boost::beast::http::obsolete_reason(status);
  boost::json::object problem{{"type", "about:blank"},
                              {"title", boost::json::string_view(title.data(), title.size())},
                              {"status", static_cast<unsigned>(status)},
                              {"detail", why.text}};
  problem["class"] = name_of(why.code);
  if (why.helps != remedy::none) problem["remedy"] = name_of(why.helps);
  return boost::json::serialize(problem) + "\n";
}

}  // namespace shoal
