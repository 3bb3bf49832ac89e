// The paths whose new versions are shared without being asked, and when one of them is shared.
//
// A new version is shared when a path has looked the same for a while, and otherwise than what was shared last. What
// could not be shared is not tried again before it changes again. Decides only; content_looks looks and shares.
// Pure; part of library.
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
  /// A new version is shared when nothing changed it for so long.
  static constexpr duration quiet_min = std::chrono::seconds(2);

  /// What somebody saw at a path.
  struct look {
    std::vector<file_signature> signatures;
    duration unchanged_for{};  ///< zero if that is not known
    bool missing = false;      ///< what was shared is among the missing shares,
    bool damaged = false;      ///< because it is damaged: it looks as it did, and is no new version
  };

  /// The content at `row.path` was shared as `row` says, and is followed or not.
  void on_shared(const stored_share& row);
  /// What was shared last looks like this now, and is the same content.
  void on_touched(const std::string& path, std::vector<file_signature> signatures);
  void forget(const std::string& path) { by_path_.erase(path); }
  /// True: share it anew; on_added() or on_failed() ends that, and until then it is not to be looked at.
  [[nodiscard]] bool on_look(const std::string& path, look seen, time_point now);
  void on_added(const std::string& path);
  void on_failed(const std::string& path, error why);

  bool contains(const std::string& path) const { return by_path_.contains(path); }
  /// Whether to follow symlinks as links when the path is looked at; nothing if it is not to be looked at.
  std::optional<bool> next_look(const std::string& path) const;
  std::vector<std::string> paths() const;
  /// Those that changed, and may change still.
  std::vector<std::string> unsettled() const;
  /// `why` the share at this path is missing, as people are told it: what is followed needs nobody to add it anew.
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
