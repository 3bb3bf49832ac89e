// A name in the list of what this peer hashes, for as long as it is hashed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/time.hpp"
#include "directory/hashing_list.hpp"

namespace shoal {

/// Keeps a name in the list for as long as it lives.
class hashing_mark {
 public:
  hashing_mark(hashing_list& list, std::string name)
      : list_(&list), key_(list.on_begin(std::move(name), clock::now())) {}
  hashing_mark(hashing_mark&& other) noexcept : list_(std::exchange(other.list_, nullptr)), key_(other.key_) {}
  hashing_mark& operator=(hashing_mark&&) = delete;
  ~hashing_mark() {
    if (list_ != nullptr) list_->on_end(key_, clock::now());
  }
  void found(std::string name, std::uint64_t bytes) { list_->on_found(key_, std::move(name), bytes, clock::now()); }
  void progress(std::uint64_t done) { list_->on_progress(key_, done, clock::now()); }

 private:
  hashing_list* list_;
  hashing_list::key key_;
};

}  // namespace shoal
