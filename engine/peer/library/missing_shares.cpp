#include "peer/library/missing_shares.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

void missing_shares::add(stored_share row, error why) {
  auto info = metainfo::from_torrent(row.torrent);
  if (!info) return;
  const std::string path = row.path;
  by_path_.insert_or_assign(path, missing_share{std::move(row), *info, std::move(why)});
  changes_.notify_all();
}

void missing_shares::explain(const std::string& path, error why) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) known->second.why = std::move(why);
}

const missing_share* missing_shares::at(const std::string& path) const {
  const auto known = by_path_.find(path);
  return known != by_path_.end() ? &known->second : nullptr;
}

const missing_share* missing_shares::find(const share_id& id) const {
  const auto known = std::ranges::find_if(by_path_, [&id](const auto& one) { return one.second.info->id() == id; });
  return known != by_path_.end() ? &known->second : nullptr;
}

std::optional<errc> missing_shares::refusal(const wire::truncated_id& wanted) const {
  for (const auto& [path, one] : by_path_) {
    if (wire::truncate(one.info->id()) == wanted) return one.why.code;
  }
  return std::nullopt;
}

}  // namespace shoal
