#include "policy/attributes_fetch.hpp"

#include <algorithm>

namespace shoal {

void attributes_fetch::on_source(source_id source, std::uint32_t bytes) {
  if (bytes == 0 || bytes > bytes_max_ || source == asked_ || left_out_.contains(source)) return;
  sources_[source] = bytes;
}

void attributes_fetch::on_part(source_id source, std::uint32_t part, byte_view data, time_point now) {
  if (source != asked_ || complete()) return;
  const std::size_t expected = std::min<std::size_t>(part_bytes_, bytes_ - list_.size());
  if (part >= parts_asked_ || std::size_t{part} * part_bytes_ != list_.size() || data.size() != expected) {
    leave_out(source);
    return;
  }
  list_.insert(list_.end(), data.begin(), data.end());
  deadline_ = now + attributes_silence_max;
}

void attributes_fetch::on_deadline(time_point now) {
  if (waiting() && deadline_ <= now) leave_out(*asked_);
}

void attributes_fetch::on_nonsense() {
  if (asked_) leave_out(*asked_);
}

std::optional<attributes_fetch::request> attributes_fetch::next_request(time_point now) {
  if (!asked_) {
    if (sources_.empty()) return std::nullopt;
    asked_ = sources_.begin()->first;
    bytes_ = sources_.begin()->second;
    deadline_ = now + attributes_silence_max;
  }
  const std::uint32_t parts = (bytes_ + part_bytes_ - 1) / part_bytes_;
  const auto parts_here = static_cast<std::uint32_t>(list_.size() / part_bytes_);
  if (parts_asked_ == parts || parts_asked_ - parts_here >= attributes_parts_asked_max) return std::nullopt;
  return request{*asked_, parts_asked_++};
}

void attributes_fetch::on_source_gone(source_id source) {
  leave_out(source);
  left_out_.erase(source);
}

void attributes_fetch::leave_out(source_id source) {
  left_out_.insert(source);
  sources_.erase(source);
  if (asked_ != source) return;
  asked_.reset();
  parts_asked_ = 0;
  list_.clear();
}

}  // namespace shoal
