// The sources of one download: which can be asked, which are in use under which number, and what gone ones brought.
//
// Owned by download; on the network thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "peer/sources/source.hpp"

namespace shoal {

/// Payload that one source delivered. Kept after the source is gone.
struct source_row {
  source_name name;
  std::uint64_t bytes = 0;
  double rate = 0;    ///< bytes per second
  std::string state;  ///< "active", "idle", "choked", "stalled" or "gone"; "done" of this disk
};

class source_list {
 public:
  /// The source can be asked. May be repeated.
  void on_ready(source& one);
  /// The source cannot be asked any more.
  void on_gone(source& one) { std::erase(ready_, &one); }
  /// All sources that can be asked, in the order in which they came.
  const std::vector<source*>& ready() const { return ready_; }

  /// The source is used under this number from now on.
  void take_up(source& one, source_id number);
  void put_down(source& one);
  void put_all_down();
  bool uses(const source& one) const { return one.number() && in_use_.contains(*one.number()); }
  /// Null if no source is used under this number.
  source* at(source_id number) const;
  const std::map<source_id, source*>& in_use() const { return in_use_; }

  /// Keeps what a put-down source brought.
  void remember(source_row row);
  const std::vector<source_row>& remembered() const { return remembered_; }

 private:
  std::vector<source*> ready_;
  std::map<source_id, source*> in_use_;
  std::vector<source_row> remembered_;
};

}  // namespace shoal
