// Shares that this peer fetched because somebody read them over HTTP, and keeps while there is room (--fetch-on-read).
//
// They lie in a directory of their own, DIR/ID/NAME. So what lies elsewhere was added or downloaded by somebody, and is
// never given up. When room is needed, the share that was read longest ago goes; none goes that is being read. Who
// downloads such a share by name takes it from here: it is given up, and downloaded to where that user wants it. Part
// of library.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "peer/library/downloads.hpp"

namespace shoal {

class library;

class read_cache {
 public:
  /// `context` and `of` outlive this. `directory`: absolute, or "" if nothing is fetched for readers. `bytes_max`: of
  /// all shares there.
  read_cache(library_context& context, library& of, std::string directory, std::uint64_t bytes_max);

  bool is_on() const { return !directory_.empty(); }
  /// The share lies, or will lie, in the directory of this.
  bool holds(const share& one) const;
  /// Begins the download of a share that is not here. It has `bytes`, as far as is known. errc::limit: what is here is
  /// being read, or the share is larger than all room.
  awaitable<result<std::shared_ptr<share>>> fetch(download_request request, std::uint64_t bytes);
  /// The size of a fetched share is known now: makes room for it. If there is none, gives the share up.
  awaitable<result<void>> make_room_for(std::shared_ptr<share> one);
  /// Stops sharing it, and deletes it.
  awaitable<void> give_up(std::shared_ptr<share> one);

  /// Somebody reads the share. It is not given up meanwhile.
  class reading {
   public:
    reading(read_cache& from, const share& one);
    ~reading();
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

   private:
    read_cache& from_;
    share_id id_;
    bool counts_;
  };

 private:
  struct use {
    std::uint32_t readers = 0;
    time_point last{};
  };

  /// Gives other shares up until one with `bytes` fits beside those that stay.
  awaitable<result<void>> make_room(std::uint64_t bytes, share_id of);
  std::uint64_t bytes_besides(const share_id& which) const;
  /// The one that was read longest ago; null if all others are being read.
  std::shared_ptr<share> next_to_go(const share_id& besides) const;

  library_context& context_;
  library& library_;
  std::string directory_;
  std::uint64_t bytes_max_;
  std::map<share_id, use> uses_;
  std::set<share_id> going_;  ///< those that are being given up
};

}  // namespace shoal
