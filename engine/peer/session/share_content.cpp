#include "peer/session/share_content.hpp"

namespace shoal {

void share_content::adopt(metainfo_ptr info, std::shared_ptr<content_files> files) {
  on_metadata(std::move(info));
  files_ = std::move(files);
  verified_.set_all();
  verified_bytes_ = info_->total_bytes();
  complete_ = true;
}

void share_content::on_metadata(metainfo_ptr info) {
  info_ = std::move(info);
  verified_ = bitmap(info_->shape().piece_count());
}

bool share_content::on_verified(piece_index piece) {
  if (!verified_.set(piece.value())) return false;
  verified_bytes_ += info_->shape().piece_size(piece);
  return true;
}

std::optional<file_index> share_content::file_with_root(const digest& root) const {
  if (!info_) return std::nullopt;
  if (!file_roots_) {
    file_roots_.emplace();
    for (std::uint32_t i = 0; i < info_->files().size(); ++i) {
      if (info_->files()[i].size > 0) file_roots_->emplace(info_->files()[i].root, file_index{i});
    }
  }
  const auto at = file_roots_->find(root);
  return at == file_roots_->end() ? std::nullopt : std::optional(at->second);
}

}  // namespace shoal
