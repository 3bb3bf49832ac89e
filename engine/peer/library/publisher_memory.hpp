// Remembers the publishers that this peer knows by the names of their shares, over restarts.
//
// Learns from what is downloaded or added here, and from what the trackers list of publishers that are known or
// trusted. So what strangers publish makes it remember nothing. Part of library. DESIGN: "Signed shares".
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "directory/known_publishers.hpp"
#include "peer/library/library_context.hpp"

namespace shoal {

class publisher_memory {
 public:
  explicit publisher_memory(library_context& context) : context_(context) {}

  /// Reads what earlier runs remembered. An error of the database.
  result<void> open();
  /// A tracker lists the share, and its signature is right.
  void on_listed(const tracking::share_row& row);
  /// The share is here, whole. Does nothing if it is not signed.
  void on_here(const std::string& name, const share_id& id, const publication& published);

  const known_publishers& known() const { return known_; }

 private:
  void remember(const std::string& name, const seen_version& seen);
  awaitable<void> save();

  library_context& context_;
  known_publishers known_;
  std::deque<std::pair<std::string, seen_version>> unsaved_;
  bool saving_ = false;
};

}  // namespace shoal
