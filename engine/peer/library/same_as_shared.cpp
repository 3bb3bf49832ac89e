#include "peer/library/same_as_shared.hpp"

#include <algorithm>

namespace shoal {

namespace {

bool same_entry(const file_entry& a, const file_entry& b) {
  return a.type == b.type && a.size == b.size && a.executable == b.executable && a.symlink_target == b.symlink_target;
}

}  // namespace

bool same_as_shared(const scan_result& found, const metainfo& shared, bool attributes) {
  if (found.folder != shared.is_folder()) return false;
  if (!std::ranges::equal(found.files, shared.files(), same_entry)) return false;
  // The path of a single file is the name of the share, which may be that of a symlink to it.
  if (found.folder && !std::ranges::equal(found.files, shared.files(), {}, &file_entry::path, &file_entry::path))
    return false;
  return !attributes || std::ranges::equal(encode_attributes(found.attributes), shared.attributes());
}

}  // namespace shoal
