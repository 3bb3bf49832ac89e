// Lists what a path holds, in order to share it: files with size, time and mode, empty directories, symlinks.
//
// Blocks; called from the worker pool. Reads only names and attributes. Follows no symlink below the root.
#pragma once

#include <string>
#include <vector>

#include "content/file_attributes.hpp"
#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "store/file_signature.hpp"

namespace shoal {

struct scan_options {
  bool symlinks = false;  ///< keep symlinks that stay inside the folder; otherwise skip them with a note
  /// Our own state: a directory that is skipped with a note wherever it is. Empty: there is none.
  std::string state_directory{};
};

struct scan_result {
  std::string path;  ///< absolute, symlinks of the root itself resolved
  std::string name;  ///< last element of the given path; for a symlink its own name
  bool folder = false;
  std::vector<file_entry> files;            ///< sorted by the raw bytes of path elements (BEP 52); roots still zero
  std::vector<file_signature> signatures;   ///< one per entry of files
  std::vector<file_attributes> attributes;  ///< one per regular file
  std::int64_t changed_ns = 0;              ///< when the kernel saw the last change of any of these, since the epoch
  /// One line for each thing skipped: symlink, socket, device, our own state, folders of unfinished downloads.
  std::vector<std::string> notes;
};

/// Fails as a whole rather than share less than the user sees. These errors name the path and the remedy:
/// - errc::not_found,
/// - permission: an unreadable file,
/// - malformed: a name that is not UTF-8, or a root that is neither file nor folder, or that would be skipped,
/// - limit.
///
/// If a folder has several such files, each is named on a line of its own, up to 20, and the others are counted.
/// errc::disk says nothing of the content: a call failed, perhaps for want of descriptors. A folder in which nothing
/// could be kept counts as an empty directory.
result<scan_result> scan(const std::string& path, const scan_options& options);

}  // namespace shoal
