#include "store/file_links.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "store/partial_folder.hpp"
#include "store/printable.hpp"

namespace shoal {

result<void> file_links::open(int directory, const std::string& name) {
  if (older_ == nullptr || !older_->seen.folder) return {};
  root_ = open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!root_) return beneath_error("cannot read " + printable(older_->seen.path), errno);
  directories_.emplace(root_.get(), printable(older_->seen.path));
  return {};
}

bool file_links::link(partial_place& place, file_index file, int parent, const std::string& name) {
  if (!directories_ || !older_->change.moved[file.value()]) return false;
  const file_index from = *older_->change.moved[file.value()];
  const file_entry& entry = older_->seen.files[from.value()];
  const result<int> there = directories_->parent_of(entry.path);
  if (!there) return false;
  const std::string there_name(last_element(entry.path));
  struct stat status{};
  if (fstatat(*there, there_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISREG(status.st_mode) || signature_of(status) != older_->seen.signatures[from.value()]) return false;
  struct stat before{};
  if (fstatat(parent, name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0) {
    const bool is_linked = before.st_dev == status.st_dev && before.st_ino == status.st_ino;
    if (!is_linked && unlinkat(parent, name.c_str(), 0) != 0) return false;
    if (!is_linked) before = {};
  }
  if (before.st_ino == 0 && linkat(*there, there_name.c_str(), parent, name.c_str(), 0) != 0) return false;
  if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  place.linked.push_back({file, from, signature_of(status)});
  place.without_holes[file.value()] = has_all_blocks(status, entry.size);
  return true;
}

void renew_signatures(int folder, const metainfo& info, const std::vector<linked_file>& linked,
                      std::vector<file_signature>& signatures) {
  directory_stack directories(folder, info.name());
  for (const linked_file& one : linked) {
    const std::string& path = info.files()[one.file.value()].path;
    file_signature& known = signatures[one.file.value()];
    const result<int> parent = directories.parent_of(path);
    struct stat status{};
    if (!parent || fstatat(*parent, std::string(last_element(path)).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (known.size == signature_of(status).size) known = signature_of(status);
  }
}

}  // namespace shoal
