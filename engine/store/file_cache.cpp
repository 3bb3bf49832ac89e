#include "store/file_cache.hpp"

#include <unistd.h>

#include <utility>

namespace shoal {

open_file::~open_file() {
  close(descriptor_);
}

result<std::shared_ptr<const open_file>> file_cache::get(std::uint64_t owner, std::uint32_t file,
                                                         const std::function<result<int>()>& open) {
  {
    const std::lock_guard lock(mutex_);
    if (auto found = find(owner, file)) return found;
  }
  result<int> descriptor = open();
  if (!descriptor) return std::move(descriptor).error();
  auto opened = std::make_shared<const open_file>(*descriptor);
  // Closing can block, so what is evicted goes after the lock is released.
  std::shared_ptr<const open_file> evicted;
  const std::lock_guard lock(mutex_);
  if (auto found = find(owner, file)) {
    evicted = std::exchange(opened, std::move(found));
    return opened;
  }
  used_.push_front({owner, file, opened});
  entries_[owner][file] = used_.begin();
  if (used_.size() > capacity_) {
    const entry& oldest = used_.back();
    const auto files = entries_.find(oldest.owner);
    files->second.erase(oldest.file);
    if (files->second.empty()) entries_.erase(files);
    evicted = std::move(used_.back().handle);
    used_.pop_back();
  }
  return opened;
}

std::shared_ptr<const open_file> file_cache::find(std::uint64_t owner, std::uint32_t file) {
  const auto files = entries_.find(owner);
  if (files == entries_.end()) return nullptr;
  const auto found = files->second.find(file);
  if (found == files->second.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  return found->second->handle;
}

std::shared_ptr<const open_file> file_cache::find_open(std::uint64_t owner, std::uint32_t file) {
  const std::lock_guard lock(mutex_);
  return find(owner, file);
}

void file_cache::drop(std::uint64_t owner) {
  std::list<entry> dropped;
  const std::lock_guard lock(mutex_);
  const auto files = entries_.find(owner);
  if (files == entries_.end()) return;
  for (const auto& [file, position] : files->second) dropped.splice(dropped.end(), used_, position);
  entries_.erase(files);
}

std::uint64_t file_cache::new_owner() {
  const std::lock_guard lock(mutex_);
  return next_owner_++;
}

std::size_t file_cache::size() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

}  // namespace shoal
