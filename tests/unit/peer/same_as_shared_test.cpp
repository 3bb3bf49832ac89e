#include "peer/library/same_as_shared.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "show_result.hpp"

using namespace shoal;

namespace {

scan_result folder() {
  scan_result found;
  found.name = "folder";
  found.folder = true;
  found.files.resize(3);
  found.files[0].path = "empty";
  found.files[0].type = file_entry::kind::empty_directory;
  found.files[1].path = "file";
  found.files[2].path = "link";
  found.files[2].type = file_entry::kind::symlink;
  found.files[2].symlink_target = "file";
  found.attributes = {{.mtime_ns = 5, .mode = 0644}};
  return found;
}

metainfo_ptr share_of(const scan_result& found) {
  const auto made =
      metainfo::build(found.name, found.folder, 64 * KiB, found.files,
                      std::vector<std::vector<digest>>(found.files.size()), encode_attributes(found.attributes));
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("a folder that nobody touched is as it was shared") {
  CHECK(same_as_shared(folder(), *share_of(folder()), true));
}

TEST_CASE("each change of an entry makes another share") {
  const std::vector<std::function<void(scan_result&)>> changes{
      [](scan_result& found) { found.files[2].symlink_target = "empty"; },
      [](scan_result& found) { found.files[2].path = "linked"; },
      [](scan_result& found) { found.files[1].executable = true; },
      [](scan_result& found) { found.files[1].size = 1; },
      [](scan_result& found) { found.files[0].type = file_entry::kind::regular; },
      [](scan_result& found) { found.files.pop_back(); },
      [](scan_result& found) { found.folder = false; },
  };
  const metainfo_ptr shared = share_of(folder());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change " << i);
    scan_result found = folder();
    changes[i](found);
    CHECK_FALSE(same_as_shared(found, *shared, false));
  }
}

TEST_CASE("a single file may have another name") {
  scan_result found;
  found.name = "current";
  found.files.resize(1);
  found.files[0].path = "current";
  found.attributes.resize(1);
  const metainfo_ptr shared = share_of(found);
  found.files[0].path = found.name = "v3";
  CHECK(same_as_shared(found, *shared, true));
}

TEST_CASE("times and modes count only where they are asked about") {
  const metainfo_ptr shared = share_of(folder());
  scan_result found = folder();
  found.attributes[0].mode = 0640;
  CHECK_FALSE(same_as_shared(found, *shared, true));
  CHECK(same_as_shared(found, *shared, false));
  found = folder();
  found.attributes[0].mtime_ns = 6;
  CHECK_FALSE(same_as_shared(found, *shared, true));
}
