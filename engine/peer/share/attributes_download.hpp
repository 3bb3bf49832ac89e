// The times and modes of a download's files. Asks the sources that have the list, and reads the list.
//
// policy/attributes_fetch decides what to ask which source. Only the end of the download waits for it. Owned by
// download; on the network thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "content/metainfo.hpp"
#include "net/task_group.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/sources/source.hpp"
#include "policy/attributes_fetch.hpp"

namespace shoal {

class attributes_download {
 public:
  /// Calls `on_change` when expected() may have become false. Calls `on_list` once, before that, with `info` and its
  /// attributes. The owner joins `tasks` before it destroys this.
  attributes_download(peer_context& context, task_group& tasks, metainfo_ptr info,
                      std::function<void(metainfo_ptr)> on_list, std::function<void()> on_change);

  /// The source may have the list.
  void offer(source& from);
  /// The source is gone.
  void forget(const source& from);
  void on_part(const source& from, std::uint32_t part, byte_view data);
  void on_reject(const source& from);
  void on_deadline(time_point now);

  /// A source was asked for the list, and may still answer.
  bool expected() const { return !known_ && (fetch_.waiting() || reading_); }
  time_point next_deadline() const { return fetch_.next_deadline(); }

 private:
  std::optional<source_id> number_of(const source& from) const;
  /// Asks for what is due, and reads the list when it is complete.
  void pump(time_point now);
  /// Checks the list that came.
  awaitable<void> read();

  peer_context& context_;
  task_group& tasks_;
  metainfo_ptr info_;
  std::function<void(metainfo_ptr)> on_list_;
  std::function<void()> on_change_;
  attributes_fetch fetch_;
  std::map<source_id, source*> sources_;
  std::uint32_t next_source_ = 0;
  bool reading_ = false;
  bool known_ = false;
};

}  // namespace shoal
