#include "peer/library/same_as_shared.hpp"

#include <algorithm>

namespace shoal {

namespace {

bool same_entry(const file_entry& a, const file_entry& b) {
  return a.path == b.path && a.type == b.type && a.size == b.size && a.executable == b.executable &&
         a.symlink_target == b.symlink_target;
}

}  // namespace

bool same_as_shared(const scan_result& found, const metainfo& shared, bool attributes) {
  if (found.folder != shared.is_folder()) return false;
  if (!std::ranges::equal(found.files, shared.files(), same_entry)) return false;
  return !attributes || std::ranges::equal(encode_attributes(found.attributes), shared.attributes());
}

}  // namespace shoal
