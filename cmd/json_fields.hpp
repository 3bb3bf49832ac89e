// Fields of control results, read so that a missing or strange one is an empty value instead of an exception:
// an older or newer peer may answer.
//
// Pure; for the control client and the commands.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

namespace json = boost::json;

/// The string, or "".
std::string text_field(const json::object& object, std::string_view key);
/// The non-negative whole number, or 0.
std::uint64_t count_field(const json::object& object, std::string_view key);
/// The number, or `otherwise`.
double number_field(const json::object& object, std::string_view key, double otherwise = 0);
bool flag_field(const json::object& object, std::string_view key);
/// The array, or an empty one that lives for ever.
const json::array& array_field(const json::object& object, std::string_view key);
/// The value as an object or array, or an empty one that lives for ever.
const json::object& as_object(const json::value& value);
const json::array& as_array(const json::value& value);

}  // namespace shoal
