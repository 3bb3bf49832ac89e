// What is hashed before it can be shared: here, and as the trackers tell of others.

#include <filesystem>

#include "peer/peer_node.hpp"

namespace shoal {

hashing_mark peer_node::announce_add(const std::string& path) {
  // Without a look at the disk, which may not answer. add() corrects the name of a link.
  const auto plain = std::filesystem::path(path).lexically_normal();
  hashing_changed_.set();
  return {hashing_, plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string()};
}

awaitable<void> peer_node::tell_hashing() {
  while (!stopped_) {
    const time_point now = clock::now();
    if (auto rows = hashing_.next_rows(now)) {
      for (auto& tracker : trackers_) tracker->hashing(*rows);
      changes_.notify_all();
    }
    // Progress and ends do not wake this loop: it looks while there is anything.
    const bool idle = hashing_.empty() && hashing_.next_deadline() == never;
    const time_point look_again = idle ? never : now + hashing_list::told_after;
    (void)co_await hashing_changed_.wait_until(look_again);
  }
}

std::vector<hashed_share> peer_node::hashing(const std::string& what) const {
  live::snapshot rows = own_shares();
  live::peer_row self;
  self.peer = self_;
  self.name = options_.name;
  self.hashing = hashing_.rows(clock::now());
  rows.peers.push_back(std::move(self));
  catalogue here;
  here.on_snapshot(0, std::move(rows));
  auto found = here.hashing(what);
  std::erase_if(found, [this](const hashed_share& one) { return !catalogue_.named(one.name).empty(); });
  // What a tracker repeats of ours is older.
  for (auto& one : catalogue_.hashing(what)) {
    if (one.peer != self_) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace shoal
