// What is on this disk of a download already: in other shares of this peer, in the older version that it replaces, or
// in the share itself, which may have the same bytes twice.
//
// Finds it, and offers it to the download as a source like any other (local_source). Looks again at content that comes
// while the download runs. Acts only while chunks are asked for. Owned by download, which outlives it with its transfer
// and joins the tasks; on the network thread only. DESIGN: "What is on this disk already".
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/time.hpp"
#include "net/task_group.hpp"
#include "net/use_tuple.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/content_arrivals.hpp"
#include "peer/share/download_owner.hpp"
#include "peer/share/download_progress.hpp"
#include "peer/share/source_list.hpp"
#include "peer/sources/local_source.hpp"
#include "peer/sources/source.hpp"
#include "policy/transfer.hpp"

namespace shoal {

/// The download that takes from this disk.
struct reusing_download {
  download_owner& owner;
  const download_progress& progress;
  const source_list& sources;
  transfer& decides;
  source_listener& listener;
  task_group& tasks;
};

class disk_reuse {
 public:
  disk_reuse(peer_context& context, const reusing_download& by);

  /// Looks for content: among what the owner has besides, and in `older`, if it is not null.
  awaitable<void> begin(const local_content* older);
  /// Another share of this peer has content from now on.
  void on_content_here(const local_content& content);
  /// Looks through what came, if it is time.
  void look_at_arrivals(time_point now);
  /// Lets pieces with the bytes of this one, which was verified, be copied from it.
  void offer_twins(piece_index verified);
  /// Ends the source, so that the tasks end.
  void stop();

  /// The source; null as long as nothing was found.
  source* disk() const { return disk_.get(); }
  bool is_disk(const source& one) const { return &one == disk_.get(); }
  /// The source is in use, and has nothing left to bring.
  bool spent() const;
  /// The source is known under this number from now on.
  void on_number(source_id number) { numbers_.push_back(number); }
  /// The number is, or was, that of the source.
  bool had(source_id number) const { return std::ranges::find(numbers_, number) != numbers_.end(); }

 private:
  bool acts() const { return !by_.progress.stopped() && by_.progress.in(download_phase::downloading); }
  awaitable<void> find(std::vector<local_content> here);
  awaitable<void> look_through(std::vector<local_content> arrived);
  local_source& opened();
  /// Takes the source into use at once, so that nobody else is asked for what it holds.
  void ask_first();

  peer_context& context_;
  reusing_download by_;
  const share_content& content_;
  std::unique_ptr<local_source> disk_;
  std::vector<source_id> numbers_;
  content_arrivals arrivals_;
};

}  // namespace shoal
