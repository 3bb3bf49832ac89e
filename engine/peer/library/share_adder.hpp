// Shares what is on the disk of this machine: hashes it, writes it into the record, and hosts it.
//
// Several paths may be added at the same time, also one path twice. Part of library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "peer/discovery/hashing_mark.hpp"
#include "peer/library/content_doubt.hpp"
#include "peer/library/publisher_memory.hpp"
#include "peer/library/share_limits.hpp"
#include "store/directory_scan.hpp"

namespace shoal {

/// How a path is shared.
struct share_options {
  bool symlinks = false;       ///< as links; otherwise symlinks are left out
  std::optional<bool> follow;  ///< share its new versions without being asked; nothing: as before
  /// Path of the publisher key that signs it and its new versions; nothing: as before.
  std::optional<std::string> sign_with = std::nullopt;
};

/// What `add` did with one path.
struct added_share {
  std::shared_ptr<share> what;
  std::string state;  ///< "new", "unchanged" or "changed"
  std::vector<std::string> notes;
  std::uint32_t files_hashed = 0;
  std::uint32_t files_known = 0;  ///< files that were hashed before, and that nobody touched since
};

class read_cache;

class share_adder {
 public:
  /// Hears how far the hashing is, in bytes. Answers whether to go on.
  using progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

  share_adder(library_context& context, hosted_shares& hosted, missing_shares& missing, share_limits& limits,
              publisher_memory& publishers, followed_paths& followed, content_doubt& doubt, read_cache& cache)
      : context_(context),
        hosted_(hosted),
        missing_(missing),
        limits_(limits),
        publishers_(publishers),
        followed_(followed),
        doubt_(doubt),
        cache_(cache) {}

  /// Shares `path`. The same path with unchanged files is no new share. Changed files make a new share, which takes the
  /// place of the old one. errc::cancelled if `on_progress` says so, or if the peer stops.
  awaitable<result<added_share>> add(std::string path, share_options wanted, hashing_mark mark, progress on_progress);

 private:
  struct look_result {
    scan_result found;
    std::optional<stored_share> before;
    std::optional<publisher_secret> secret{};  ///< that signs it
    std::optional<error> no_secret{};          ///< why the key of the record cannot be used; a new version needs it
  };
  /// What is at the path, what was last shared from there, and with which key it is to be signed.
  awaitable<result<look_result>> look(std::string path, share_options wanted);
  /// `here`, which is at the path or null, is what was found there.
  awaitable<bool> is_unchanged(std::shared_ptr<share> here, const look_result& looked);
  /// Nothing changed since `before`, whose share is `here`. Only whether it is followed, and who signs it, may change.
  awaitable<result<added_share>> keep(look_result looked, std::shared_ptr<share> here, share_options wanted);
  /// Retires the share that the new one replaces. What was fetched for readers gives way, too. Returns the share with
  /// the same content that is here already, at another path; or null.
  awaitable<std::shared_ptr<share>> make_room(share_id id, std::string path);
  /// What was shared from this path last, and is here or missing.
  std::optional<share_id> version_at(const std::string& path) const;
  /// The publication of content that this peer adds now. `before`: what was last added at its path. It is newer than
  /// `newer_than`, unless it is the same content again.
  publication publication_of(const std::optional<stored_share>& before, bool same_content,
                             std::uint64_t newer_than) const;
  /// When the newest version was signed that was seen by this name and publisher; 0 if none was.
  std::uint64_t newest_seen(const std::string& name, const std::optional<publisher_secret>& secret) const;

  library_context& context_;
  hosted_shares& hosted_;
  missing_shares& missing_;
  share_limits& limits_;
  publisher_memory& publishers_;
  followed_paths& followed_;
  content_doubt& doubt_;
  read_cache& cache_;
};

}  // namespace shoal
