#include "store/partial_owner.hpp"

#include <sys/xattr.h>

namespace shoal {

namespace {

constexpr const char* attribute = "user.shoal.partial";

}  // namespace

void mark_partial(int part, const std::string& owner) {
  if (!owner.empty()) ::fsetxattr(part, attribute, owner.data(), owner.size(), 0);
}

bool is_marked(int part, const std::string& owner) {
  // Longer than the owner is another one.
  std::string found(owner.size() + 1, '\0');
  const auto bytes = ::fgetxattr(part, attribute, found.data(), found.size());
  return !owner.empty() && bytes == static_cast<ssize_t>(owner.size()) && found.starts_with(owner);
}

void unmark_partial(int part) {
  ::fremovexattr(part, attribute);
}

}  // namespace shoal
