// A folder of a share as a page for people or as JSON for scripts, made in parts: a folder may hold a million files.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "gateway/content_tree.hpp"

namespace shoal {

/// The Accept header names JSON, and not after HTML (RFC 9110, 12.5.1). Programs that follow links, such as wget and
/// rclone, name neither and read HTML.
bool prefers_json(std::string_view accept);

/// The Content-Security-Policy of a page: it runs no script and loads nothing.
inline constexpr std::string_view folder_page_policy = "default-src 'none'; style-src 'unsafe-inline'";

class folder_page {
 public:
  folder_page(metainfo_ptr info, std::string path, const tree_place& at, bool json);

  std::string_view media_type() const;
  /// The next part, at least `bytes` long unless it is the last; never empty.
  std::string next(std::size_t bytes);
  bool ended() const { return stage_ == stage::ended; }

 private:
  enum class stage : std::uint8_t { head, rows, ended };
  std::string head() const;
  std::string row(const tree_row& one);
  std::string foot() const;

  metainfo_ptr info_;
  std::string path_;
  bool json_;
  tree_rows rows_;
  stage stage_ = stage::head;
  bool first_ = true;
};

/// Text in an HTML document, also in the value of an attribute.
std::string html_text(std::string_view text);

}  // namespace shoal
