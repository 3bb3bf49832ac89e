// Shares that this peer fetched because somebody read them over HTTP, and keeps while there is room (--fetch-on-read).
//
// They lie in a directory of their own, DIR/ID/NAME. So what lies elsewhere was added or downloaded by somebody, and is
// never given up. When room is needed, the share that was read longest ago goes; none goes that is being read. A share
// takes the room that it was announced with from its begin on, and never gets more. Who downloads such a share by name,
// or adds its content, takes it from here: it is given up. Part of library.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "peer/library/downloads.hpp"

namespace shoal {

class library;

class read_cache {
 public:
  /// `context` and `of` outlive this.
  read_cache(library_context& context, library& of);

  bool is_on() const { return !directory_.empty(); }
  /// The share lies, or will lie, in the directory of this.
  bool holds(const share& one) const;
  /// Begins the download of a share that is not here; `request.bytes_max`, which is not 0, is its announced size.
  /// Or finds the share that is here by now. errc::limit: what is here is being read, the share is larger than all
  /// room, or it is being given up. errc::not_found or conflict: its user has it elsewhere, missing or cancelled.
  awaitable<result<std::shared_ptr<share>>> fetch(download_request request);
  /// Stops sharing it, and deletes it. Nothing happens if it is not here any more, or lies elsewhere.
  awaitable<result<void>> give_up(std::shared_ptr<share> one);
  /// Returns when the share is neither begun nor given up, and nothing is recorded here of it that does not run.
  awaitable<result<void>> settle(share_id id);
  /// The record is read: deletes what nothing of it uses, and what cannot be served.
  awaitable<void> clean();

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

  std::uint64_t bytes_max() const { return context_.settings.read_bytes_max; }
  std::string place_of(const share_id& id) const { return directory_ + "/" + id.hex(); }
  std::shared_ptr<share> find(const share_id& id) const;
  /// As fetch(), while nobody else begins this share.
  awaitable<result<std::shared_ptr<share>>> begin(download_request request);
  /// Its user has the share elsewhere, and it does not run.
  bool rests_elsewhere(const share_id& id) const;
  awaitable<void> wait_for_turn(share_id id);
  /// Gives other shares up until one with `bytes` fits beside those that stay, and reserves its room.
  awaitable<result<void>> make_room(share_id of, std::uint64_t bytes);
  /// Of all shares that are here, come or go.
  std::uint64_t bytes_besides(const share_id& which) const;
  /// Null if none failed, or all of these are being read.
  std::shared_ptr<share> next_failed() const;
  /// The one that was read longest ago; null if all others are being read.
  std::shared_ptr<share> next_to_go(const share_id& besides) const;
  /// A cancelled or missing share in the directory, that nobody else forgets at this moment.
  std::optional<share_id> next_at_rest() const;
  bool at_rest(const share_id& id) const;
  /// Forgets and deletes what is recorded of such a share.
  awaitable<result<void>> forget(share_id id);
  /// Forgets all of them.
  awaitable<result<void>> forget_at_rest();
  awaitable<result<void>> erase(share_id id);
  void on_gone(const share_id& id);

  library_context& context_;
  library& library_;
  const std::string& directory_;  ///< "" if nothing is fetched for readers
  std::map<share_id, use> uses_;
  std::map<share_id, std::uint64_t> coming_;  ///< those that are being begun, with the room that is reserved for each
  std::map<share_id, std::uint64_t> going_;   ///< those that are being given up, with the room that they still take
};

}  // namespace shoal
