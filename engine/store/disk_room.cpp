#include "store/disk_room.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "store/beneath.hpp"
#include "store/holes.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr std::uint64_t stat_block_bytes = 512;  // stat(2), st_blocks

std::uint64_t without_room(std::uint64_t data, const struct stat& status) {
  return data - std::min(data, static_cast<std::uint64_t>(status.st_blocks) * stat_block_bytes);
}

}  // namespace

result<disk_room> room_for(const partial_place& place, const metainfo& info) {
  const std::string path = place.directory_path + "/" + std::string(unfinished_folder) + "/" + place.record.name;
  struct statvfs disk{};
  if (statvfs(place.directory_path.c_str(), &disk) != 0) {
    return system_error("cannot look at the disk of " + printable(place.directory_path), errno);
  }
  disk_room room;
  if (disk.f_blocks > 0) room.free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  struct stat status{};
  if (!info.is_folder()) {
    if (lstat(path.c_str(), &status) != 0) return system_error("cannot read " + printable(path), errno);
    room.needed = without_room(data_bytes(info, place.zeros, file_index{0}), status);
    return room;
  }
  const unique_descriptor root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return system_error("cannot read " + printable(path), errno);
  directory_stack directories(root.get(), printable(path));
  const std::vector<file_entry>& files = info.files();
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (files[i].type != file_entry::kind::regular) continue;
    const std::uint64_t data = data_bytes(info, place.zeros, file_index{i});
    const result<int> parent = directories.parent_of(files[i].path);
    if (!parent) return parent.error();
    const std::string name(last_element(files[i].path));
    // A file that is made when it is first written needs all of its room.
    const bool there = fstatat(*parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    room.needed += there ? without_room(data, status) : data;
  }
  return room;
}

}  // namespace shoal
