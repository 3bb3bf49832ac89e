#include "cmd/call.hpp"

#include <unistd.h>

#include "cmd/interrupt.hpp"
#include "cmd/progress.hpp"

namespace shoal {

namespace {

constexpr std::size_t shown_id_digits = 12;

}  // namespace

result<json::value> call_with_progress(const invocation& call, std::string_view method, json::object params,
                                       const std::string& name) {
  progress_display display(STDERR_FILENO);
  const auto show = [&display, &name](const json::object& notice) {
    display.update(0, "", view_of_progress(notice, name), clock::now());
  };
  return call.client->call(method, std::move(params), call.stop, show);
}

json::object params_of_what(const invocation& call) {
  json::object params;
  params["what"] = call.given.texts("operands").front();
  return params;
}

std::string short_id(const std::string& id) {
  return id.substr(0, shown_id_digits);
}

}  // namespace shoal
