// What a download needs from its share: what is here, who is connected, and who hears how far it is.
//
// So a download knows no share. The owner outlives it; on the network thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "peer/session/share_content.hpp"
#include "peer/session/throttle.hpp"
#include "peer/share/share_peers.hpp"
#include "peer/sources/local_source.hpp"

namespace shoal {

/// What the reason of a waiting download needs to know of the swarm.
struct swarm_outlook {
  std::size_t holders = 0;  ///< other peers that hold the share, or part of it
  bool reachable = true;    ///< others can connect to this peer, as far as any tracker knows
  bool superseded = false;  ///< its name means a newer version by the same publisher
};

class download_owner {
 public:
  /// What is here. The owner changes it when it hears of it, below.
  virtual const share_content& content() const = 0;
  virtual const share_peers& peers() const = 0;
  /// Who published the share and when, as far as this peer knows.
  virtual const publication& published() const = 0;
  /// Where payload waits for the limits of the share and of the process.
  virtual throttle& down() = 0;
  /// What this peer has of its other shares.
  virtual awaitable<std::vector<local_content>> content_besides() = 0;
  /// The download is about to replace the content at `path`. No share serves it any more when this returns.
  virtual awaitable<void> give_way(std::string path) = 0;
  /// What the trackers say of the share's holders.
  virtual swarm_outlook outlook() const = 0;

  virtual void on_metadata(metainfo_ptr info) = 0;
  /// The same metainfo, with attributes.
  virtual void on_attributes(metainfo_ptr info) = 0;
  /// Everything will be in `files`, and `verified` is there already.
  virtual void on_files(std::shared_ptr<content_files> files, bitmap verified) = 0;
  virtual void on_piece_verified(piece_index piece) = 0;
  /// The piece was read again, and perhaps differs from its hash.
  virtual void on_doubt(piece_index piece) = 0;
  virtual void on_download_complete() = 0;
  virtual void on_download_failed() = 0;

 protected:
  ~download_owner() = default;
};

}  // namespace shoal
