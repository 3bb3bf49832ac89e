#include "peer/library/followed_paths.hpp"

#include <utility>

#include "store/printable.hpp"

namespace shoal {

void followed_paths::on_shared(const stored_share& row) {
  if (!row.follow) return forget(row.path);
  followed_path& one = by_path_[row.path];
  one.symlinks = row.symlinks;
  one.shared = row.signatures;
  one.seen.clear();
  one.failed.reset();
}

void followed_paths::on_touched(const std::string& path, std::vector<file_signature> signatures) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) known->second.shared = std::move(signatures);
}

bool followed_paths::on_look(const std::string& path, look seen, time_point now) {
  const auto known = by_path_.find(path);
  if (known == by_path_.end() || known->second.adding) return false;
  followed_path& one = known->second;
  if (seen.damaged && one.shared.empty()) one.shared = seen.signatures;
  // What could not be shared is tried again when the files change.
  const bool other_names = seen.other_names && !one.failed;
  if (seen.signatures == one.shared && !other_names && (seen.damaged || !seen.missing)) {
    one.seen.clear();
    return false;
  }
  if (seen.signatures != one.seen) {
    one.seen = std::move(seen.signatures);
    one.seen_at = now;
    if (seen.unchanged_for >= quiet_min) one.seen_at -= quiet_min;
  }
  one.adding = !one.seen.empty() && now - one.seen_at >= quiet_min;
  return one.adding;
}

void followed_paths::on_added(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) known->second.adding = false;
}

void followed_paths::on_failed(const std::string& path, error why) {
  const auto known = by_path_.find(path);
  if (known == by_path_.end()) return;
  known->second.adding = false;
  known->second.shared = std::exchange(known->second.seen, {});
  known->second.failed = std::move(why);
}

std::optional<bool> followed_paths::next_look(const std::string& path) const {
  const auto known = by_path_.find(path);
  if (known == by_path_.end() || known->second.adding) return std::nullopt;
  return known->second.symlinks;
}

std::vector<std::string> followed_paths::paths() const {
  std::vector<std::string> all;
  for (const auto& [path, one] : by_path_) all.push_back(path);
  return all;
}

std::vector<std::string> followed_paths::unsettled() const {
  std::vector<std::string> some;
  for (const auto& [path, one] : by_path_) {
    if (!one.seen.empty() && !one.adding) some.push_back(path);
  }
  return some;
}

error followed_paths::why_missing(const std::string& path, error why) const {
  const auto known = by_path_.find(path);
  if (known == by_path_.end() || why.code != errc::conflict) return why;
  if (known->second.failed) return *known->second.failed;
  return {why.code, printable(path) + " changed on disk: its new version is hashed and shared by itself"};
}

}  // namespace shoal
