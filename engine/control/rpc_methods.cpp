#include "control/rpc_methods.hpp"

#include <algorithm>
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

template <class Answer, class Arguments>
std::string unknown_in(awaitable<result<Answer>> (peer_control::*)(Arguments, caller&), const json::object& params) {
  for (const auto& given : params) {
    bool known = false;
    for_each_member<Arguments>([&](std::string_view name, auto) { known = known || given.key() == name; });
    if (!known) return given.key();
  }
  return "";
}

template <auto Method>
std::string unknown(const json::object& params) {
  return unknown_in(Method, params);
}

struct method_row {
  std::string_view name;
  awaitable<outcome> (*run)(peer_control&, json::value, caller&);
  std::string (*unknown)(const json::object&);
};

template <auto Method>
constexpr method_row row(std::string_view name) {
  return {name, run<Method>, unknown<Method>};
}

constexpr std::array methods{
    row<&peer_control::add>("add"),         row<&peer_control::list>("list"),
    row<&peer_control::peers>("peers"),     row<&peer_control::download>("download"),
    row<&peer_control::cancel>("cancel"),   row<&peer_control::status>("status"),
    row<&peer_control::remove>("remove"),   row<&peer_control::verify>("verify"),
    row<&peer_control::torrent>("torrent"), row<&peer_control::ping>("ping"),
    row<&peer_control::stop>("stop"),       row<&peer_control::limit>("limit"),
    row<&peer_control::keys>("keys"),       row<&peer_control::why>("why"),
    row<&peer_control::dump>("dump"),       row<&peer_control::pieces>("pieces"),
    row<&peer_control::flows>("flows"),
};

const method_row* find_method(std::string_view name) {
  const auto* const at = std::ranges::find(methods, name, &method_row::name);
  return at == methods.end() ? nullptr : &*at;
}

awaitable<outcome> no_method(std::string name) {
  co_return error{errc::usage, "no method '" + name + "': see docs/CONTROL.md"};
}

}  // namespace

awaitable<outcome> call_method(peer_control& control, std::string method, json::value params, caller& by) {
  if (const method_row* row = find_method(method)) return row->run(control, std::move(params), by);
  return no_method(std::move(method));
}

std::string unknown_parameter(std::string_view method, const json::object& params) {
  const method_row* row = find_method(method);
  return row == nullptr ? "" : row->unknown(params);
}

}  // namespace shoal
