// catalogue: shares to come, which some peer still hashes.

#include <fnmatch.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>

#include "directory/catalogue.hpp"

namespace shoal {

std::vector<hashed_share> catalogue::hashing(std::string_view what) const {
  const std::string pattern(what);
  std::vector<hashed_share> found;
  const bool is_told = std::ranges::any_of(views_, [](const view& one) { return one.known && !one.away; });
  for (const view& view : views_) {
    // A command would wait for what was hashed when the tracker was here.
    if (view.away && is_told) continue;
    for (const auto& [id, row] : view.peers) {
      for (const tracking::hashing_row& one : row.hashing) {
        if (one.name != what && fnmatch(pattern.c_str(), one.name.c_str(), 0) != 0) continue;
        found.push_back({one.name, id, row.name, one.bytes, one.done});
      }
    }
  }
  if (found.empty()) return found;
  // Names may hold the characters of patterns.
  const auto exact = [what](const hashed_share& one) { return one.name == what; };
  if (std::ranges::any_of(found, exact)) std::erase_if(found, std::not_fn(exact));
  drop_listed(found);
  // Rows that several trackers tell count once.
  const auto place = [](const hashed_share& one) { return std::tie(one.name, one.peer); };
  std::ranges::sort(found, {}, place);
  const auto same = std::ranges::unique(found, {}, place);
  found.erase(same.begin(), same.end());
  return found;
}

void catalogue::drop_listed(std::vector<hashed_share>& from) const {
  std::unordered_set<std::string_view> asked;
  for (const hashed_share& one : from) asked.insert(one.name);
  std::unordered_set<std::string_view> listed;
  for (const view& view : views_) {
    for (const auto& [id, row] : view.shares) {
      if (asked.contains(row.name)) listed.insert(row.name);
    }
  }
  std::erase_if(from, [&listed](const hashed_share& one) { return listed.contains(one.name); });
}

std::string text_of(const hashed_share& one) {
  // A share that is not listed yet is not hashed completely: at most 99 %.
  const auto percent = one.bytes == 0 ? 0.0 : 100.0 * static_cast<double>(one.done) / static_cast<double>(one.bytes);
  return one.peer_name + " is still hashing " + one.name + " (" +
         std::to_string(std::min(99, static_cast<int>(percent))) + " %)";
}

}  // namespace shoal
