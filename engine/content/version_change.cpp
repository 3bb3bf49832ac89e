#include "content/version_change.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

namespace {

using kind = file_entry::kind;

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool same_entry(const file_entry& one, const file_entry& other) {
  return one.type == other.type && one.size == other.size && one.root == other.root &&
         one.symlink_target == other.symlink_target;
}

class comparison {
 public:
  comparison(const metainfo& next, const metainfo& there, const metainfo* before, version_wishes wishes)
      : next_(next), there_(there), wishes_(wishes), places_(next, wishes.symlinks) {
    if (before == nullptr) return;
    for (const file_entry& file : before->files()) before_.emplace(file.path, &file);
  }

  version_change run() {
    version_change change;
    change.moved.resize(next_.files().size());
    const auto& files = there_.files();
    change.gives_way.resize(files.size());
    for (std::uint32_t i = 0; i < files.size(); ++i) {
      const file_entry& file = files[i];
      if (is_replaced(file)) {
        change.gives_way[i] = true;
        if (!is_same(file) && !is_older(file)) change.in_the_way.push_back(file.path);
      } else if (wishes_.delete_dropped && is_older(file)) {
        change.gives_way[i] = true;
        change.dropped.push_back(file.path);
      } else if (file.type != kind::empty_directory) {
        ++change.kept;
      }
    }
    if (next_.is_folder() && there_.is_folder()) find_moved(change);
    return change;
  }

 private:
  bool is_replaced(const file_entry& file) const {
    return next_.is_folder() != there_.is_folder() || places_.excludes(file);
  }

  bool is_same(const file_entry& file) const {
    if (next_.is_folder() != there_.is_folder()) return false;
    const auto at = places_.file_at(file.path);
    return at && same_entry(next_.files()[*at], file);
  }

  /// The file is as the older version has it.
  bool is_older(const file_entry& file) const {
    const auto at = before_.find(file.path);
    return at != before_.end() && same_entry(*at->second, file);
  }

  void find_moved(version_change& change) const {
    const auto& files = there_.files();
    auto& moved = change.moved;
    std::unordered_map<digest, std::vector<std::uint32_t>> by_root;
    std::vector<bool> taken(files.size());
    for (std::uint32_t i = 0; i < files.size(); ++i) {
      if (files[i].type != kind::regular || files[i].size == 0 || !change.gives_way[i]) continue;
      const auto at = places_.file_at(files[i].path);
      if (at && can_become(files[i], next_.files()[*at])) {
        moved[*at] = file_index{i};
        taken[i] = true;
      } else {
        by_root[files[i].root].push_back(i);
      }
    }
    for (std::uint32_t i = 0; i < moved.size(); ++i) {
      const file_entry& file = next_.files()[i];
      if (moved[i] || file.type != kind::regular || file.size == 0) continue;
      const auto same = by_root.find(file.root);
      if (same == by_root.end()) continue;
      const auto one = std::ranges::find_if(same->second, [&](std::uint32_t candidate) {
        return !taken[candidate] && can_become(files[candidate], file);
      });
      if (one == same->second.end()) continue;
      moved[i] = file_index{*one};
      taken[*one] = true;
    }
  }

  /// Permissions belong to the file and not to its name.
  static bool can_become(const file_entry& here, const file_entry& wanted) {
    return same_entry(here, wanted) && here.executable == wanted.executable;
  }

  const metainfo& next_;
  const metainfo& there_;
  version_wishes wishes_;
  version_places places_;
  std::unordered_map<std::string_view, const file_entry*> before_;
};

}  // namespace

version_places::version_places(const metainfo& version, bool symlinks) : folder_(version.is_folder()) {
  for (std::uint32_t i = 0; i < version.files().size(); ++i) {
    const file_entry& file = version.files()[i];
    if (file.type == kind::symlink && !symlinks) continue;
    const bool directory = file.type == kind::empty_directory;
    if (!directory) files_.emplace(file.path, i);
    std::string_view path = directory ? std::string_view(file.path) : parent_of(file.path);
    for (; !path.empty() && directories_.insert(path).second;) path = parent_of(path);
  }
}

std::optional<std::uint32_t> version_places::file_at(std::string_view path) const {
  const auto at = files_.find(path);
  return at != files_.end() ? std::optional(at->second) : std::nullopt;
}

bool version_places::excludes(const file_entry& entry) const {
  if (!folder_ || files_.contains(entry.path)) return true;
  if (entry.type != kind::empty_directory && directories_.contains(entry.path)) return true;
  for (std::string_view path = parent_of(entry.path); !path.empty(); path = parent_of(path)) {
    if (files_.contains(path)) return true;
  }
  return false;
}

version_change change_of(const metainfo& next, const metainfo& there, const metainfo* before, version_wishes wishes) {
  return comparison(next, there, before, wishes).run();
}

}  // namespace shoal
