#include "control/rpc_methods.hpp"

#include <array>
#include <string_view>

#include "control/described.hpp"

namespace shoal {

namespace json = boost::json;

namespace {

using outcome = result<json::value>;

template <class Arguments>
result<Arguments> arguments_of(const json::value& params) {
  Arguments given;
  std::string strange;
  if (params.is_null() || read_json(params, given, &strange)) return given;
  if (strange.empty()) return error{errc::usage, "'params' is no object: see docs/CONTROL.md"};
  return error{errc::usage, "parameter '" + strange + "' is of the wrong kind: see docs/CONTROL.md"};
}

template <class Answer, class Arguments>
awaitable<outcome> run_method(awaitable<result<Answer>> (peer_control::*method)(Arguments, caller&),
                              peer_control& control, json::value params, caller& by) {
  auto given = arguments_of<Arguments>(params);
  if (!given) co_return given.error();
  const auto answered = co_await (control.*method)(std::move(*given), by);
  if (!answered) co_return answered.error();
  co_return to_json(*answered);
}

template <auto Method>
awaitable<outcome> run(peer_control& control, json::value params, caller& by) {
  return run_method(Method, control, std::move(params), by);
}

struct method_row {
  std::string_view name;
  awaitable<outcome> (*run)(peer_control&, json::value, caller&);
};

constexpr std::array methods{
    method_row{"add", run<&peer_control::add>},         method_row{"list", run<&peer_control::list>},
    method_row{"peers", run<&peer_control::peers>},     method_row{"download", run<&peer_control::download>},
    method_row{"cancel", run<&peer_control::cancel>},   method_row{"status", run<&peer_control::status>},
    method_row{"remove", run<&peer_control::remove>},   method_row{"verify", run<&peer_control::verify>},
    method_row{"torrent", run<&peer_control::torrent>}, method_row{"ping", run<&peer_control::ping>},
    method_row{"stop", run<&peer_control::stop>},       method_row{"limit", run<&peer_control::limit>},
    method_row{"keys", run<&peer_control::keys>},       method_row{"why", run<&peer_control::why>},
    method_row{"dump", run<&peer_control::dump>},       method_row{"pieces", run<&peer_control::pieces>},
    method_row{"flows", run<&peer_control::flows>},
};

awaitable<outcome> no_method(std::string name) {
  co_return error{errc::usage, "no method '" + name + "': see docs/CONTROL.md"};
}

}  // namespace

awaitable<outcome> call_method(peer_control& control, std::string method, json::value params, caller& by) {
  for (const method_row& row : methods) {
    if (row.name == method) return row.run(control, std::move(params), by);
  }
  return no_method(std::move(method));
}

}  // namespace shoal
