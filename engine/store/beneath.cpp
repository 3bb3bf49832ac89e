#include "store/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <optional>

namespace shoal {

namespace {

/// Mode of new directories. The umask takes away what the user does not want.
constexpr mode_t directory_mode = 0777;

int open_with_openat2(int directory, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // RESOLVE_BENEATH fails with EAGAIN when something is renamed during the walk. A few more tries settle that.
  constexpr int tries_max = 8;
  for (int i = 0;; ++i) {
    const long descriptor = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (descriptor >= 0) return static_cast<int>(descriptor);
    if ((errno != EAGAIN && errno != EINTR) || i == tries_max) return -1;
  }
}

/// Old kernels have no openat2. Some container sandboxes refuse unknown calls with EPERM.
bool have_openat2() {
  static const bool have = [] {
    const unique_descriptor probe(open_with_openat2(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0));
    return static_cast<bool>(probe) || (errno != ENOSYS && errno != EPERM);
  }();
  return have;
}

int openat_retrying(int directory, const char* path, int flags, mode_t mode) {
  for (;;) {
    const int descriptor = openat(directory, path, flags, mode);
    if (descriptor >= 0 || errno != EINTR) return descriptor;
  }
}

/// The next element of `path` from `position` on; nothing at the end.
std::optional<std::string_view> next_element(std::string_view path, std::size_t& position) {
  if (position >= path.size()) return std::nullopt;
  const std::size_t end = std::min(path.find('/', position), path.size());
  const std::string_view element = path.substr(position, end - position);
  position = end + 1;
  return element;
}

unique_descriptor open_walking(int directory, std::string_view path, int flags, mode_t mode) {
  unique_descriptor at;
  int here = directory;
  std::size_t position = 0;
  while (const auto element = next_element(path, position)) {
    if (element->empty() || *element == "." || *element == "..") {
      errno = EXDEV;
      return {};
    }
    const bool last = position >= path.size();
    const int element_flags = last ? flags | O_NOFOLLOW | O_CLOEXEC : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    unique_descriptor next(openat_retrying(here, std::string(*element).c_str(), element_flags, mode));
    if (!next) return {};
    at = std::move(next);
    here = at.get();
  }
  if (!at) errno = ENOENT;
  return at;
}

}  // namespace

unique_descriptor open_beneath(int directory, std::string_view path, int flags, mode_t mode, beneath_method method) {
  if (path.find('\0') != std::string_view::npos) {
    errno = EINVAL;
    return {};
  }
  if (method == beneath_method::walk || !have_openat2()) return open_walking(directory, path, flags, mode);
  unique_descriptor above;
  // A path that is too long for one call is walked in several.
  while (path.size() >= PATH_MAX) {
    const std::size_t slash = path.rfind('/', PATH_MAX - 1);
    if (slash == std::string_view::npos) {
      errno = ENAMETOOLONG;
      return {};
    }
    const std::string part(path.substr(0, slash));
    above.reset(open_with_openat2(above ? above.get() : directory, part.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    if (!above) return {};
    path.remove_prefix(slash + 1);
  }
  const int from = above ? above.get() : directory;
  return unique_descriptor(open_with_openat2(from, std::string(path).c_str(), flags | O_CLOEXEC, mode));
}

error beneath_error(std::string text, int error_number) {
  switch (error_number) {
    case ELOOP:
      return {errc::conflict, std::move(text) + ": a symbolic link is in the way; remove it"};
    case EXDEV:
      return {errc::conflict, std::move(text) + ": the path leads out of its directory"};
    case ENOTDIR:
    case EISDIR:
    case ENXIO:
      return {errc::conflict, std::move(text) + ": something of another kind is in the way; remove it"};
    default:
      return system_error(std::move(text), error_number);
  }
}

result<unique_descriptor> directory_stack::enter(int directory, const std::string& name, std::string_view so_far,
                                                 std::vector<std::string>* created) const {
  if (created != nullptr) {
    if (mkdirat(directory, name.c_str(), directory_mode) == 0) {
      created->emplace_back(so_far);
    } else if (errno != EEXIST) {
      return system_error("cannot create directory " + shown_ + "/" + std::string(so_far), errno);
    }
  }
  unique_descriptor next = open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!next) return beneath_error("cannot open directory " + shown_ + "/" + std::string(so_far), errno);
  return next;
}

result<int> directory_stack::descend(std::string_view directory_path, std::vector<std::string>* created) {
  std::size_t position = 0;
  const auto so_far = [&] { return directory_path.substr(0, std::min(position - 1, directory_path.size())); };
  int here = root_;
  for (std::size_t depth = 0; depth < open_levels_max; ++depth) {
    const auto element = next_element(directory_path, position);
    if (!element) return here;
    if (depth == levels_.size() || levels_[depth].name != *element) {
      levels_.resize(depth);
      below_ = {};
      const std::string name(*element);
      result<unique_descriptor> next = enter(here, name, so_far(), created);
      if (!next) return std::move(next).error();
      levels_.push_back({name, std::move(*next)});
    }
    here = levels_[depth].directory.get();
  }
  if (position >= directory_path.size()) return here;
  const std::string rest(directory_path.substr(position));
  if (below_.name == rest) return below_.directory.get();
  below_ = {};
  unique_descriptor deepest;
  while (const auto element = next_element(directory_path, position)) {
    result<unique_descriptor> next = enter(here, std::string(*element), so_far(), created);
    if (!next) return std::move(next).error();
    deepest = std::move(*next);
    here = deepest.get();
  }
  below_ = {rest, std::move(deepest)};
  return below_.directory.get();
}

result<int> directory_stack::parent_of(std::string_view path) {
  return descend(parent_path(path), nullptr);
}

result<int> directory_stack::make_parent_of(std::string_view path, std::vector<std::string>& created) {
  return descend(parent_path(path), &created);
}

result<int> directory_stack::make(std::string_view path, std::vector<std::string>& created) {
  return descend(path, &created);
}

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view last_element(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace shoal
