// A bound on the files that the process keeps open. All shares share it.
//
// When the bound is reached, the least recently used files are closed. A file in use stays open until its last handle
// goes. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/error.hpp"

namespace shoal {

/// An open descriptor, closed with the last owner.
class open_file {
 public:
  explicit open_file(int descriptor) : descriptor_(descriptor) {}
  ~open_file();
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

class file_cache {
 public:
  /// `capacity` of at least 1 (core/descriptor_budget).
  explicit file_cache(std::size_t capacity) : capacity_(capacity) {}

  /// `owner` and `file` name the entry. If it is missing, `open` is called without the lock.
  result<std::shared_ptr<const open_file>> get(std::uint64_t owner, std::uint32_t file,
                                               const std::function<result<int>()>& open);
  /// The same if there is such an entry; otherwise null.
  std::shared_ptr<const open_file> find_open(std::uint64_t owner, std::uint32_t file);
  /// Forgets all files of `owner`.
  void drop(std::uint64_t owner);
  /// A new owner key.
  std::uint64_t new_owner();
  std::size_t size() const;

 private:
  struct entry {
    std::uint64_t owner = 0;
    std::uint32_t file = 0;
    std::shared_ptr<const open_file> handle;
  };
  /// The handle, which becomes the most recent one; null if there is none. Needs the lock.
  std::shared_ptr<const open_file> find(std::uint64_t owner, std::uint32_t file);

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::uint64_t next_owner_ = 1;
  std::list<entry> used_;  // most recent first
  std::unordered_map<std::uint64_t, std::unordered_map<std::uint32_t, std::list<entry>::iterator>> entries_;
};

}  // namespace shoal
