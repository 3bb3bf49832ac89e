#include "control/described.hpp"

namespace shoal {

namespace json = boost::json;

bool read_json(const json::value& from, std::string& to) {
  if (!from.is_string()) return false;
  to = std::string(from.get_string());
  return true;
}

bool read_json(const json::value& from, bool& to) {
  if (!from.is_bool()) return false;
  to = from.get_bool();
  return true;
}

bool read_json(const json::value& from, double& to) {
  json::error_code ec;
  const double number = from.to_number<double>(ec);
  if (!ec) to = number;
  return !ec;
}

bool read_json(const json::value& from, std::uint64_t& to) {
  json::error_code ec;
  const auto number = from.to_number<std::uint64_t>(ec);
  if (!ec) to = number;
  return !ec;
}

bool read_json(const json::value& from, std::int64_t& to) {
  json::error_code ec;
  const auto number = from.to_number<std::int64_t>(ec);
  if (!ec) to = number;
  return !ec;
}

}  // namespace shoal
