// The paths whose new versions are shared without being asked, and when one of them is shared.
//
// A new version is shared when a path has looked the same for a while, but not as it was last shared. A path that could
// not be shared is tried again only when it changes again. Decides only; content_looks looks and shares. Pure; part of
// library.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/time.hpp"
#include "store/file_signature.hpp"
#include "store/state_database.hpp"

namespace shoal {

class followed_paths {
 public:
  /// A new version is shared when nothing changed the path for so long.
  static constexpr duration quiet_min = std::chrono::seconds(2);

  /// What a look at a path saw.
  struct look {
    std::vector<file_signature> signatures;
    duration unchanged_for{};  ///< zero if unknown
    bool other_names = false;  ///< not the names or symlinks that are shared; signatures do not tell
    bool missing = false;      ///< what was shared is among the missing shares
    bool damaged = false;      ///< it is missing because it is damaged: it looks as it did, and is no new version
  };

  /// The content at `row.path` was shared as `row` says. It is followed or not.
  void on_shared(const stored_share& row);
  /// What was last shared looks like this now, and is the same content.
  void on_touched(const std::string& path, std::vector<file_signature> signatures);
  void forget(const std::string& path) { by_path_.erase(path); }
  /// True: share the path anew. on_added() or on_failed() ends that. Until then the path must not be looked at.
  [[nodiscard]] bool on_look(const std::string& path, look seen, time_point now);
  void on_added(const std::string& path);
  void on_failed(const std::string& path, error why);

  bool contains(const std::string& path) const { return by_path_.contains(path); }
  /// Whether to follow symlinks as links when the path is looked at. Nothing if the path must not be looked at.
  std::optional<bool> next_look(const std::string& path) const;
  std::vector<std::string> paths() const;
  /// The paths that changed, and may still change.
  std::vector<std::string> unsettled() const;
  /// `why` the share at this path is missing, in words for people: nobody needs to add a followed path anew.
  error why_missing(const std::string& path, error why) const;

 private:
  struct followed_path {
    bool symlinks = false;
    std::vector<file_signature> shared;  ///< what was last shared, or could not be shared
    std::vector<file_signature> seen;    ///< another state, seen at seen_at
    time_point seen_at{};
    bool adding = false;
    std::optional<error> failed = std::nullopt;  ///< why its present content could not be shared
  };
  std::map<std::string, followed_path> by_path_;
};

}  // namespace shoal
