#include "gateway/folder_tar.hpp"

#include <filesystem>
#include <utility>

namespace shoal {

namespace {

// What a symlink at `path` says that means `target`, both from the root of the share.
std::string link_text(std::string_view path, std::string_view target) {
  return std::filesystem::path(target).lexically_relative(std::filesystem::path(path).parent_path()).string();
}

}  // namespace

folder_tar::folder_tar(metainfo_ptr info, std::string path, const tree_place& at, time_of times)
    : info_(std::move(info)),
      skipped_(path.empty() ? 0 : path.size() + 1),
      at_(at.first),
      end_(at.end),
      name_(path.empty() ? info_->name() : path.substr(path.find_last_of('/') + 1)),
      times_(std::move(times)) {}

tar_entry folder_tar::entry_of(const file_entry& one) const {
  tar_entry entry;
  entry.path = name_ + "/" + one.path.substr(skipped_);
  switch (one.type) {
    case file_entry::kind::regular:
      entry.size = one.size;
      entry.executable = one.executable;
      break;
    case file_entry::kind::symlink:
      entry.is = tar_entry::kind::symlink;
      entry.target = link_text(one.path, one.symlink_target);
      break;
    case file_entry::kind::empty_directory:
      entry.is = tar_entry::kind::folder;
      break;
  }
  return entry;
}

std::optional<folder_tar::part> folder_tar::next() {
  if (ended_) return std::nullopt;
  part one;
  one.text = tar_padding(std::exchange(padded_bytes_, 0));
  if (at_ == end_) {
    ended_ = true;
    one.text += tar_end();
    return one;
  }
  const file_index file{at_++};
  const file_entry& entry = info_->files()[file.value()];
  tar_entry head = entry_of(entry);
  if (head.is == tar_entry::kind::file) {
    head.mtime = times_(file);
    one.content_bytes = padded_bytes_ = entry.size;
    if (entry.size > 0) one.content = file;
  }
  one.text += tar_head(head);
  return one;
}

std::uint64_t folder_tar::bytes_left() const {
  folder_tar rest(*this);
  std::uint64_t bytes = 0;
  while (const auto one = rest.next()) bytes += one->text.size() + one->content_bytes;
  return bytes;
}

}  // namespace shoal
