#include "gateway/private_members.hpp"

#include <array>
#include <string_view>

namespace shoal {

namespace {

constexpr std::array<std::string_view, 7> private_members{
    "path", "state_directory", "download_directory", "reason", "notes", "why", "text"};

}  // namespace

void leave_out_private(boost::json::value& from) {
  if (auto* list = from.if_array()) {
    for (boost::json::value& one : *list) leave_out_private(one);
  } else if (auto* object = from.if_object()) {
    for (const std::string_view name : private_members) object->erase(name);
    for (auto& member : *object) leave_out_private(member.value());
  }
}

}  // namespace shoal
