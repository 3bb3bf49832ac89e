// Whatever torrent is accepted keeps its id when written and read again, has sound geometry and only safe
// paths. The way in that it brings is kept, too.
#include <cstddef>
#include <cstdint>

#include "content/metainfo.hpp"
#include "content/signed_publication.hpp"
#include "core/assert.hpp"

using namespace shoal;

namespace {

void check(const metainfo& meta) {
  meta.shape().check_invariants();
  SHOAL_ASSERT(meta.shape().file_count() == meta.files().size());
  SHOAL_ASSERT(check_path_element(meta.name()).has_value());
  for (std::size_t i = 0; i < meta.files().size(); ++i) {
    const file_entry& file = meta.files()[i];
    SHOAL_ASSERT(check_relative_path(file.path).has_value());
    SHOAL_ASSERT(i == 0 || tree_order(meta.files()[i - 1].path, file.path));
    SHOAL_ASSERT(file.type == file_entry::kind::regular || file.size == 0);
    const bool link = file.type == file_entry::kind::symlink;
    SHOAL_ASSERT(!link || check_relative_path(file.symlink_target).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto bare = metainfo::from_info({data, size})) {
    check(**bare);
    SHOAL_ASSERT(as_text((*bare)->info()) == as_text({data, size}));
  }
  const way_in way = way_in_of_torrent({data, size});
  SHOAL_ASSERT(publication_of_torrent({data, size}).of_signature != standing::right);
  const auto meta = metainfo::from_torrent({data, size});
  if (!meta) return 0;
  check(**meta);
  if (!(*meta)->has_layers()) return 0;
  const auto again = metainfo::from_torrent((*meta)->to_torrent());
  SHOAL_ASSERT(again.has_value() && (*again)->id() == (*meta)->id());
  SHOAL_ASSERT((*again)->to_torrent() == (*meta)->to_torrent());
  const way_in same = way_in_of_torrent((*meta)->to_torrent(way));
  SHOAL_ASSERT(same.trackers == way.trackers && same.peers == way.peers && same.other_trackers.empty());
  return 0;
}
