#include "gateway/content_tree.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "gateway/folder_page.hpp"
#include "unit/content/sample_share.hpp"

namespace shoal {

namespace {

using kind = tree_place::kind;

metainfo_ptr sample() {
  testing::share_builder share("folder", true, 32 * KiB);
  share.file("a/deep/er/data.bin", 2, 70000).file("a.txt", 3, 5).file("a/b", 0, 0).file("z<&>\"'", 4, 7);
  return *share.empty_directory("a/void").symlink("link", "a/deep").build();
}

std::vector<std::string> names_of(const metainfo_ptr& info, const std::string& path) {
  tree_rows rows(info, path, place_at(*info, path));
  std::vector<std::string> names;
  while (const auto one = rows.next()) names.push_back(std::string(one->name) + (one->is == kind::folder ? "/" : ""));
  return names;
}

std::string page_of(const metainfo_ptr& info, const std::string& path, bool json, std::size_t part) {
  folder_page page(info, path, place_at(*info, path), json);
  std::string text;
  while (!page.ended()) text += page.next(part);
  return text;
}

}  // namespace

TEST_CASE("a path of a share is a file, a folder, a symlink or nothing") {
  const metainfo_ptr info = sample();
  CHECK(place_at(*info, "").is == kind::folder);
  CHECK(place_at(*info, "a").is == kind::folder);
  CHECK(place_at(*info, "a/deep/er").is == kind::folder);
  CHECK(place_at(*info, "a/void").is == kind::folder);
  CHECK(place_at(*info, "link").is == kind::symlink);
  CHECK(info->files()[place_at(*info, "a.txt").first].path == "a.txt");
  for (const char* path : {"b", "a/", "a/d", "a.tx", "a.txt/x", "/a", "a//b", "../a", "zz"}) {
    CAPTURE(path);
    CHECK(place_at(*info, path).is == kind::nothing);
  }
}

TEST_CASE("a folder has one row for each file and folder in it") {
  const metainfo_ptr info = sample();
  CHECK(names_of(info, "") == std::vector<std::string>{"a/", "a.txt", "link", "z<&>\"'"});
  CHECK(names_of(info, "a") == std::vector<std::string>{"b", "deep/", "void/"});
  CHECK(names_of(info, "a/void").empty());
  CHECK(names_of(info, "a/deep/er") == std::vector<std::string>{"data.bin"});
}

TEST_CASE("a folder is the same page in whatever parts it is made") {
  const metainfo_ptr info = sample();
  for (const bool json : {false, true}) {
    const std::string whole = page_of(info, "", json, 1 << 20);
    CHECK(page_of(info, "", json, 1) == whole);
    CHECK(whole.find("a.txt") != std::string::npos);
  }
  CHECK(page_of(info, "", false, 1).find("z&lt;&amp;&gt;&quot;&#39;") != std::string::npos);
  CHECK(page_of(info, "", false, 1).find("href=\"./z%3C%26%3E%22%27\"") != std::string::npos);
  CHECK(page_of(info, "", false, 1).find("z<") == std::string::npos);
}

TEST_CASE("who asks for JSON gets it, and everybody else a page") {
  CHECK_FALSE(prefers_json("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"));
  CHECK(prefers_json("application/json"));
  CHECK_FALSE(prefers_json("*/*"));
  CHECK_FALSE(prefers_json(""));
  CHECK(prefers_json("application/json, text/html"));
}

}  // namespace shoal
