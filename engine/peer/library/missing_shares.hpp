// The complete shares of this peer's record whose content is not on the disk, or not as it was.
//
// Each is kept and looked for until its content is there again or somebody removes it. Listed by path, because two
// paths may have had one content. A plain list; part of library. DESIGN: "Invariants".
#pragma once

#include <map>
#include <optional>
#include <string>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "net/notifier.hpp"
#include "store/state_database.hpp"
#include "wire/messages.hpp"

namespace shoal {

struct missing_share {
  stored_share row;
  metainfo_ptr info;
  error why;
};

class missing_shares {
 public:
  /// `changes` outlives this, and is notified when a share is added.
  explicit missing_shares(notifier& changes) : changes_(changes) {}

  /// Replaces what is known of the path. A row whose torrent cannot be read is left out.
  void add(stored_share row, error why);
  void remove(const std::string& path) { by_path_.erase(path); }
  /// Gives the share at `path` another reason. Does nothing if none is missing there.
  void explain(const std::string& path, error why);

  /// Null if none is missing there.
  const missing_share* at(const std::string& path) const;
  const missing_share* find(const share_id& id) const;
  /// Why the share that this greeting means is not here, if that is known.
  std::optional<errc> refusal(const wire::truncated_id& wanted) const;
  const std::map<std::string, missing_share>& all() const { return by_path_; }

 private:
  notifier& changes_;
  std::map<std::string, missing_share> by_path_;
};

}  // namespace shoal
