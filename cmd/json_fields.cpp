#include "cmd/json_fields.hpp"

namespace shoal {

std::string text_field(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::uint64_t count_field(const json::object& object, std::string_view key) {
  const double number = number_field(object, key);
  const json::value* value = object.if_contains(key);
  if (value != nullptr && value->is_uint64()) return value->get_uint64();
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0) {
    return static_cast<std::uint64_t>(value->get_int64());
  }
  return number > 0 && number < 1.8e19 ? static_cast<std::uint64_t>(number) : 0;
}

double number_field(const json::object& object, std::string_view key, double otherwise) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return otherwise;
  if (value->is_double()) return value->get_double();
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_uint64()) return static_cast<double>(value->get_uint64());
  return otherwise;
}

bool flag_field(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array& array_field(const json::object& object, std::string_view key) {
  static const json::value nothing;
  const json::value* value = object.if_contains(key);
  return as_array(value == nullptr ? nothing : *value);
}

const json::object& as_object(const json::value& value) {
  static const json::object empty;
  return value.is_object() ? value.get_object() : empty;
}

const json::array& as_array(const json::value& value) {
  static const json::array empty;
  return value.is_array() ? value.get_array() : empty;
}

}  // namespace shoal
