// Learns what a share is from the sources of its download: the info dictionary (BEP 9), then the hashes (BEP 52).
//
// policy/metadata_fetch decides what to ask which source, and whom to ban. This class carries it out. It numbers the
// sources and takes them up; when run() returns, all of them are put down. Owned by download; on the network thread
// only. DESIGN: "Learning what a share is".
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <span>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "net/event.hpp"
#include "net/use_tuple.hpp"
#include "peer/share/source_list.hpp"
#include "peer/sources/source.hpp"
#include "policy/metadata_fetch.hpp"

namespace shoal {

class metadata_download {
 public:
  /// Fetches what `known`, metadata of the share, lacks; all of it if `known` is null. `sources` outlives this.
  metadata_download(const asio::any_io_executor& home, const share_id& id, const metainfo_ptr& known,
                    source_list& sources);

  /// Returns the complete metadata, or why it can never be complete. errc::cancelled after stop().
  awaitable<result<metainfo_ptr>> run();
  /// Asks nobody any more.
  void stop();

  /// The source can be asked, if it knows more than bytes.
  void offer(source& from);
  /// A source that is in use is gone. It is put down already.
  void on_gone(source_id gone);
  // What a source says that is not in use is ignored.
  void on_info_piece(const source& from, std::uint32_t piece, std::uint32_t total_bytes, byte_view data);
  void on_info_reject(const source& from, std::uint32_t piece);
  void on_hashes(const source& from, const hash_range& range, std::span<const digest> hashes);
  void on_hash_reject(const source& from, const hash_range& range);

 private:
  /// Bans liars, asks for what is missing, and lets run() look again.
  void after_event();
  void pump();

  source_list& sources_;
  metadata_fetch fetch_;
  std::uint32_t next_source_ = 0;
  bool stopped_ = false;
  event wake_;
};

}  // namespace shoal
