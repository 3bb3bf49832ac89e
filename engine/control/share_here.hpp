// A share of this peer that a word means. It is a running share, a recorded share whose content is missing, or a
// cancelled download.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

class peer_node;
class share;
struct missing_share;
struct paused_download;

/// The pointers are valid until the next co_await.
struct share_here {
  share_id id;
  std::string name;
  std::shared_ptr<share> running;
  const missing_share* missing = nullptr;
  const paused_download* paused = nullptr;

  /// Null if the metadata is not known yet.
  metainfo_ptr info() const;
};

/// See library_index::find_here; errc::usage without a word.
result<share_here> find_share_here(const peer_node& node, const std::optional<std::string>& what);

}  // namespace shoal
