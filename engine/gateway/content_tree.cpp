#include "gateway/content_tree.hpp"

#include <algorithm>
#include <utility>

#include "content/relative_path.hpp"

namespace shoal {

namespace {

using entries = std::vector<file_entry>;

std::uint32_t number_of(const entries& files, entries::const_iterator at) {
  return static_cast<std::uint32_t>(at - files.begin());
}

/// One past the last entry below `prefix`, which ends with '/'. All of them follow `from`.
entries::const_iterator end_of(const entries& files, entries::const_iterator from, std::string_view prefix) {
  return std::partition_point(from, files.end(),
                              [prefix](const file_entry& one) { return one.path.starts_with(prefix); });
}

}  // namespace

tree_place place_at(const metainfo& info, std::string_view path) {
  const entries& files = info.files();
  if (path.empty()) return {tree_place::kind::folder, 0, static_cast<std::uint32_t>(files.size())};
  const auto exact = std::ranges::lower_bound(files, path, tree_order, &file_entry::path);
  if (exact != files.end() && exact->path == path) {
    const std::uint32_t number = number_of(files, exact);
    switch (exact->type) {
      case file_entry::kind::regular:
        return {tree_place::kind::file, number, number};
      case file_entry::kind::symlink:
        return {tree_place::kind::symlink, number, number};
      case file_entry::kind::empty_directory:
        return {tree_place::kind::folder, number, number};
    }
  }
  const std::string prefix = std::string(path) + "/";
  const auto first = std::ranges::lower_bound(files, std::string_view(prefix), tree_order, &file_entry::path);
  if (first == files.end() || !first->path.starts_with(prefix)) return {};
  return {tree_place::kind::folder, number_of(files, first), number_of(files, end_of(files, first, prefix))};
}

tree_rows::tree_rows(metainfo_ptr info, std::string path, const tree_place& at)
    : info_(std::move(info)), skipped_(path.empty() ? 0 : path.size() + 1), at_(at.first), end_(at.end) {}

std::optional<tree_row> tree_rows::next() {
  if (at_ == end_) return std::nullopt;
  const entries& files = info_->files();
  const file_entry& one = files[at_];
  const std::string_view rest = std::string_view(one.path).substr(skipped_);
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = std::string_view(one.path).substr(0, skipped_ + slash + 1);
    at_ = number_of(files, end_of(files, files.begin() + at_, prefix));
    return tree_row{rest.substr(0, slash), tree_place::kind::folder};
  }
  ++at_;
  switch (one.type) {
    case file_entry::kind::symlink:
      return tree_row{rest, tree_place::kind::symlink, 0, one.symlink_target};
    case file_entry::kind::empty_directory:
      return tree_row{rest, tree_place::kind::folder};
    default:
      return tree_row{rest, tree_place::kind::file, one.size};
  }
}

}  // namespace shoal
