// One request over HTTP against a folder with names of all kinds: the parser, and everything that decides the answer.
//
// What is found for a URL lies in the share, ranges lie in the file, and a folder's page and archive end.
#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "gateway/byte_ranges.hpp"
#include "gateway/content_tree.hpp"
#include "gateway/folder_page.hpp"
#include "gateway/folder_tar.hpp"
#include "gateway/preconditions.hpp"
#include "gateway/request_target.hpp"

using namespace shoal;
namespace http = boost::beast::http;

namespace {

metainfo_ptr make_folder() {
  std::vector<file_entry> files;
  for (const char* path : {"a", "b/c", "b/d e", "b/\"<&>", "\xC3\xBC/x.html", "z"}) {
    file_entry one;
    one.path = path;
    one.size = 1000;
    one.root.bytes[0] = 1;
    files.push_back(one);
  }
  files.back().type = file_entry::kind::symlink;
  files.back().size = 0;
  files.back().symlink_target = "b/c";
  auto made = metainfo::build("share", true, 16 * KiB, std::move(files), std::vector<std::vector<digest>>(6));
  SHOAL_ASSERT(made.has_value());
  return *made;
}

std::string_view header(const http::request<http::string_body>& request, http::field field) {
  const auto found = request[field];
  return {found.data(), found.size()};
}

void check_ranges(std::string_view text, std::uint64_t size) {
  const auto spans = requested_ranges(text, size);
  if (!spans) return;
  SHOAL_ASSERT(spans->size() <= ranges_max);
  for (const byte_span& one : *spans) {
    SHOAL_ASSERT(one.bytes > 0 && one.first < size && one.bytes <= size - one.first);
  }
}

void check_folder(const metainfo_ptr& info, const std::string& path, const tree_place& at) {
  for (const bool json : {false, true}) {
    folder_page page(info, path, at, json);
    for (int parts = 0; !page.ended(); ++parts) SHOAL_ASSERT(parts < 100 && !page.next(100).empty());
  }
  folder_tar archive(info, path, at, [](file_index) { return 0; });
  std::uint64_t bytes = archive.bytes_left();
  while (const auto part = archive.next()) bytes -= part->text.size() + part->content_bytes;
  SHOAL_ASSERT(bytes == 0);
}

void check(const http::request<http::string_body>& request) {
  static const metainfo_ptr info = make_folder();
  const validators here{"\"tag\"", http_time{} + std::chrono::hours(500'000)};
  const std::string_view if_range = header(request, http::field::if_range);
  (void)evaluate(
      {header(request, http::field::if_match), header(request, http::field::if_none_match),
       header(request, http::field::if_modified_since), header(request, http::field::if_unmodified_since), if_range},
      here);
  (void)range_counts(if_range, here);
  for (const std::uint64_t size : {0u, 1u, 1000u}) check_ranges(header(request, http::field::range), size);
  (void)prefers_json(header(request, http::field::accept));

  const auto text = request.target();
  const auto target = parse_target({text.data(), text.size()});
  if (!target) return;
  SHOAL_ASSERT(target->path.starts_with('/') && target->path.find('\0') == std::string::npos);
  SHOAL_ASSERT(parse_target(escaped_path(target->path))->path == target->path);
  (void)query_value(target->query, "format");
  const auto wanted = content_of(*target);
  if (!wanted) return;
  const tree_place at = place_at(*info, wanted->path);
  if (at.is == tree_place::kind::nothing) return;
  SHOAL_ASSERT(at.first <= at.end && at.end <= info->files().size());
  if (at.is == tree_place::kind::folder) return check_folder(info, wanted->path, at);
  SHOAL_ASSERT(info->files()[at.first].path == wanted->path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(16 * KiB);
  parser.body_limit(0);
  parser.eager(true);
  boost::beast::error_code failure;
  for (std::size_t done = 0; done < size && !failure && !parser.is_done();) {
    const std::size_t taken = parser.put(boost::asio::const_buffer(data + done, size - done), failure);
    if (taken == 0) break;
    done += taken;
  }
  if (parser.is_header_done()) check(parser.get());
  return 0;
}
