// Opens paths below a directory so that nothing outside of it is ever reached.
//
// Where the kernel has it (Linux 5.6), this is openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS. Otherwise it is a
// walk that opens one element at a time without following symlinks. Everything in store/ that touches content uses it.
// Blocks; thread-safe except for directory_stack, which one thread uses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace shoal {

/// Which system call walks the path. Tests force the portable one.
enum class beneath_method { automatic, walk };

/// Like openat, but no element of the relative `path` may be a symlink or lead out of `directory`. errno is then ELOOP,
/// EXDEV or ENOTDIR. `path` may be longer than PATH_MAX. On failure returns an invalid descriptor and sets errno.
/// Implies O_CLOEXEC.
unique_descriptor open_beneath(int directory, std::string_view path, int flags, mode_t mode = 0,
                               beneath_method method = beneath_method::automatic);

/// "TEXT: REASON" like system_error. A symlink or a wrong kind of file on the way is errc::conflict, and the text says
/// so.
error beneath_error(std::string text, int error_number);

/// Directories of one path that are kept open at once. Far below any limit of descriptors, and deeper paths are rare.
inline constexpr std::uint32_t open_levels_max = 64;

/// The directories from a root down to the place that was last asked for, kept open. So visiting 20,000 files in tree
/// order opens each directory once, and resolves one element per file. Of directories deeper than open_levels_max only
/// the last is kept.
class directory_stack {
 public:
  /// `root` stays open, and its owner is the caller. `shown` is the root's path for error texts.
  directory_stack(int root, std::string shown) : root_(root), shown_(std::move(shown)) {}

  /// Descriptor of the directory that holds the last element of the relative `path`. Valid until the next call.
  result<int> parent_of(std::string_view path);
  /// Like parent_of, but makes missing directories. Appends their paths, relative to the root, to `created`.
  result<int> make_parent_of(std::string_view path, std::vector<std::string>& created);
  /// Descriptor of the directory `path` itself.
  result<int> make(std::string_view path, std::vector<std::string>& created);

 private:
  struct level {
    std::string name;
    unique_descriptor directory;
  };
  result<int> descend(std::string_view directory_path, std::vector<std::string>* created);
  /// Opens `name`, and makes it first if `created` is given. `so_far` is its path from the root.
  result<unique_descriptor> enter(int directory, const std::string& name, std::string_view so_far,
                                  std::vector<std::string>* created) const;

  int root_;
  std::string shown_;
  std::vector<level> levels_;
  level below_;  ///< the last of the deeper directories; its name is the path from the last level
};

/// Everything before the last '/' of `path`; empty if there is none.
std::string_view parent_path(std::string_view path);
/// The last element of `path`; NUL-terminated if `path` is.
std::string_view last_element(std::string_view path);

}  // namespace shoal
