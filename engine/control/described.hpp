// A described struct (Boost.Describe) as JSON, and back. One description serves every transport and the program.
//
// A member has its own name in JSON, without the final underscore that a keyword needs (`class_`). An empty optional is
// left out. Reading never fails: a missing or strange member stays as it was, because an older or newer peer may have
// written the JSON. A caller may get the name of the first member that does not fit. For the rows and arguments of the
// control methods. Pure.
#pragma once

#include <boost/describe/members.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace shoal {

template <class T>
concept described = boost::describe::has_describe_members<T>::value;

/// Calls `with(NAME, POINTER_TO_MEMBER)` for each member, in the order of the description. NAME is the name in JSON.
template <described T, class Function>
void for_each_member(Function with) {
  using members = boost::describe::describe_members<T, boost::describe::mod_public>;
  boost::mp11::mp_for_each<members>([&with](auto member) {
    std::string_view name = member.name;
    if (name.ends_with('_')) name.remove_suffix(1);
    with(name, member.pointer);
  });
}

template <class T>
  requires std::is_arithmetic_v<T> || std::same_as<T, std::string>
boost::json::value to_json(const T& from) {
  return boost::json::value(from);
}

template <class T>
boost::json::value to_json(const std::vector<T>& from);
template <described T>
boost::json::value to_json(const T& from);

template <described T>
boost::json::value to_json(const T& from) {
  boost::json::object to;
  for_each_member<T>([&from, &to](std::string_view name, auto member) {
    const auto& value = from.*member;
    if constexpr (requires { value.has_value(); }) {
      if (value) to[name] = to_json(*value);
    } else {
      to[name] = to_json(value);
    }
  });
  return to;
}

template <class T>
boost::json::value to_json(const std::vector<T>& from) {
  boost::json::array to;
  to.reserve(from.size());
  for (const T& one : from) to.push_back(to_json(one));
  return to;
}

/// One of several structs.
template <class... T>
boost::json::value to_json(const std::variant<T...>& from) {
  return std::visit([](const auto& one) { return to_json(one); }, from);
}

/// False, with `to` unchanged, if `from` is something else. A number of another kind fits if it has the same value.
bool read_json(const boost::json::value& from, std::string& to);
bool read_json(const boost::json::value& from, bool& to);
bool read_json(const boost::json::value& from, double& to);
bool read_json(const boost::json::value& from, std::uint64_t& to);
bool read_json(const boost::json::value& from, std::int64_t& to);

template <class T>
bool read_json(const boost::json::value& from, std::optional<T>& to);
template <class T>
bool read_json(const boost::json::value& from, std::vector<T>& to);
template <described T>
bool read_json(const boost::json::value& from, T& to, std::string* strange = nullptr);

/// `strange`, if given, gets the name of the first member that does not fit. Null counts as missing.
template <described T>
bool read_json(const boost::json::object& from, T& to, std::string* strange = nullptr) {
  bool fits = true;
  for_each_member<T>([&](std::string_view name, auto member) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || value->is_null() || read_json(*value, to.*member)) return;
    if (fits && strange != nullptr) *strange = name;
    fits = false;
  });
  return fits;
}

template <described T>
bool read_json(const boost::json::value& from, T& to, std::string* strange) {
  const auto* object = from.if_object();
  return object != nullptr && read_json(*object, to, strange);
}

template <class T>
bool read_json(const boost::json::value& from, std::optional<T>& to) {
  T value{};
  const bool fits = read_json(from, value);
  if (fits) to = std::move(value);
  return fits;
}

/// Leaves out what does not fit.
template <class T>
bool read_json(const boost::json::value& from, std::vector<T>& to) {
  const auto* array = from.if_array();
  if (array == nullptr) return false;
  bool fits = true;
  to.clear();
  for (const auto& one : *array) {
    T value{};
    const bool read = read_json(one, value);
    if (read || described<T>) to.push_back(std::move(value));
    fits = fits && read;
  }
  return fits;
}

/// Reads what fits of `from`, a value or an object. The rest has its defaults.
template <class T>
T from_json(const auto& from) {
  T to{};
  (void)read_json(from, to);
  return to;
}

}  // namespace shoal
