#include "wire/frame_memory.hpp"

#include "core/assert.hpp"

namespace shoal::wire {

bool frame_memory::take(const address_group& origin, std::size_t bytes) {
  if (bytes == 0) return true;
  const auto at = taken_.find(origin);
  const std::size_t taken = at == taken_.end() ? 0 : at->second;
  if (bytes > left_ || bytes > of_one_origin_ - taken) return false;
  taken_[origin] = taken + bytes;
  left_ -= bytes;
  return true;
}

void frame_memory::give_back(const address_group& origin, std::size_t bytes) {
  if (bytes == 0) return;
  const auto at = taken_.find(origin);
  SHOAL_ASSERT(at != taken_.end() && at->second >= bytes);
  at->second -= bytes;
  if (at->second == 0) taken_.erase(at);
  left_ += bytes;
}

bool taken_memory::resize(std::size_t bytes) {
  if (from_ != nullptr && bytes > bytes_ && !from_->take(origin_, bytes - bytes_)) return false;
  if (from_ != nullptr && bytes < bytes_) from_->give_back(origin_, bytes_ - bytes);
  bytes_ = bytes;
  return true;
}

}  // namespace shoal::wire
