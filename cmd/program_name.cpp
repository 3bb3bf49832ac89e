#include "cmd/program_name.hpp"

namespace shoal {

namespace {

std::string& stored_name() {
  static std::string name = "shoal";
  return name;
}

}  // namespace

void set_program_name(const char* called) {
  std::string_view name = called == nullptr ? std::string_view{} : called;
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (!name.empty()) stored_name() = name;
}

const std::string& program_name() {
  return stored_name();
}

std::string quoted_command(std::string_view words) {
  return "'" + program_name() + " " + std::string(words) + "'";
}

}  // namespace shoal
