#include "store/apply_attributes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

#include "core/assert.hpp"
#include "store/partial_files.hpp"

namespace shoal {

namespace {

/// Time of last access, which stays, and of last modification.
std::array<timespec, 2> times_of(const file_attributes& file) {
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t seconds = file.mtime_ns / second;
  std::int64_t rest = file.mtime_ns % second;
  if (rest < 0) {
    --seconds;
    rest += second;
  }
  return {timespec{0, UTIME_OMIT}, timespec{seconds, rest}};
}

void apply(int descriptor, const file_attributes& file, bool modes) {
  futimens(descriptor, times_of(file).data());
  if (modes) fchmod(descriptor, (file.mode & mode_bits) | S_IRUSR);
}

}  // namespace

void apply_attributes(const partial_place& place, const metainfo& info, const wanted_attributes& wanted,
                      attributes_of which) {
  if (wanted.files.empty()) return;
  SHOAL_ASSERT(wanted.files.size() == info.regular_file_count());
  if (!info.is_folder()) {
    if (which == attributes_of::linked) return;
    apply(place.part.get(), wanted.files.front(), wanted.modes);
    fsync(place.part.get());
    return;
  }
  const bool sync_each = info.files().size() <= single_syncs_max;
  directory_stack directories(place.part.get(), shown_partial(place));
  std::vector<bool> linked(info.files().size());
  for (const linked_file& one : place.linked) linked[one.file.value()] = true;
  auto next = wanted.files.begin();
  for (const file_entry& file : info.files()) {
    if (file.type != file_entry::kind::regular) continue;
    const file_attributes& attributes = *next++;
    const auto index = static_cast<std::size_t>(&file - info.files().data());
    if (linked[index] != (which == attributes_of::linked)) continue;
    const result<int> parent = directories.parent_of(file.path);
    if (!parent) continue;
    const std::string name(last_element(file.path));
    if (!sync_each && !wanted.modes) {
      utimensat(*parent, name.c_str(), times_of(attributes).data(), AT_SYMLINK_NOFOLLOW);
      continue;
    }
    const unique_descriptor opened = open_beneath(*parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat status{};
    if (!opened || fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    apply(opened.get(), attributes, wanted.modes);
    if (sync_each) fsync(opened.get());
  }
}

}  // namespace shoal
