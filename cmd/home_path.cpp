#include "cmd/home_path.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

namespace shoal {

namespace {

std::string home_of(const passwd* account) {
  return account == nullptr || account->pw_dir == nullptr ? std::string() : std::string(account->pw_dir);
}

std::string home_of(const std::string& name, const environment& variables) {
  if (!name.empty()) return home_of(::getpwnam(name.c_str()));
  const char* home = variables("HOME");
  return home != nullptr && *home != '\0' ? std::string(home) : home_of(::getpwuid(::geteuid()));
}

}  // namespace

std::string expand_home(const std::string& path, const environment& variables) {
  if (!path.starts_with('~')) return path;
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string home = home_of(path.substr(1, end - 1), variables);
  return home.empty() ? path : home + path.substr(end);
}

}  // namespace shoal
