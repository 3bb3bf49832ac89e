// A directory with content that can be shared, and one to download it to; what was written down of its partials.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>

#include "store/content_files.hpp"
#include "store/partial_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal::test {

namespace fs = std::filesystem;

inline std::uint64_t identity_at(const fs::path& path) {
  const unique_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return identity_of(opened.get());
}

struct partial_fixture {
  partial_fixture() {
    fs::create_directory(home / "down");
    write_file(home / "src/folder/a/one", pattern(200'000, 1));
    write_file(home / "src/folder/a/two", pattern(70'000, 2));
    write_file(home / "src/folder/b", "small");
    write_file(home / "src/folder/nothing", "");
    fs::create_directories(home / "src/folder/empty/deep");
    fs::permissions(home / "src/folder/b", fs::perms::owner_all);
    write_file(home / "src/file", pattern(300'000, 3));
  }
  std::shared_ptr<content_files> source(const sample& share) {
    auto opened = content_files::open_complete(share.path, share.info, share.signatures, cache);
    REQUIRE(opened);
    return *opened;
  }
  result<std::shared_ptr<content_files>> partial(const metainfo_ptr& info, bool symlinks = false) {
    partial_record& record = records[info->id()];
    const auto write = [&record](const partial_record& made) -> result<void> {
      record = made;
      return {};
    };
    return content_files::open_partial((home / "down").string(), info, symlinks, cache, record,
                                       remember_partial(write, owner));
  }
  fs::path unfinished(const metainfo_ptr& info) const { return home / "down" / unfinished_folder / info->id().hex(); }
  temporary_directory home;
  std::string owner = "/state/of/this/peer";
  std::shared_ptr<file_cache> cache = std::make_shared<file_cache>(512);
  std::map<share_id, partial_record> records;  ///< what was written down
};

inline std::size_t entries_in(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace shoal::test
