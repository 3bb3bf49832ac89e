#include "policy/metadata_source.hpp"

#include <algorithm>

#include "core/assert.hpp"
#include "policy/info_assembly.hpp"
#include "policy/task_spread.hpp"

namespace shoal {

namespace {

// More requests for each useful answer: four times as many each round trip.
constexpr std::uint32_t growth = 3;

std::uint32_t answer_bytes(const metadata_request& what) {
  const auto* range = std::get_if<hash_range>(&what);
  if (range == nullptr) return metadata_piece_bytes;
  return (range->count + range->proof_layers) * static_cast<std::uint32_t>(digest::size);
}

}  // namespace

bool metadata_source::can_be_asked(time_point now) const {
  return !banned_ && (!pause_end_ || *pause_end_ <= now) && asked_.size() < requests_max_ &&
         bytes_asked_ < metadata_bytes_max;
}

time_point metadata_source::deadline() const {
  return asked_.empty() ? never : std::max(heard_, asked_.front().sent) + metadata_deadline;
}

bool metadata_source::late(time_point now) const {
  return !asked_.empty() && std::max(heard_, asked_.front().sent) + task_late_after <= now;
}

bool metadata_source::waits_for(const metadata_request& what) const {
  return std::ranges::any_of(asked_, [&](const asked_request& one) { return one.what == what; });
}

void metadata_source::on_asked(const metadata_request& what, time_point now) {
  if (pause_end_) on_deadline(now);
  asked_.push_back({what, now});
  bytes_asked_ += answer_bytes(what);
}

bool metadata_source::on_answer(const metadata_request& what, time_point now) {
  const auto asked = std::ranges::find(asked_, what, &asked_request::what);
  if (asked != asked_.end()) {
    bytes_asked_ -= answer_bytes(what);
    asked_.erase(asked);
  } else if (const auto late = std::ranges::find(late_, what); late != late_.end()) {
    late_.erase(late);
  } else {
    return false;
  }
  heard_ = now;
  if (silent_) pause_end_.reset();
  silent_ = false;
  return true;
}

void metadata_source::on_useful() {
  useful_ = true;
  reject_pause_ = metadata_pause_min;
  requests_max_ = std::min(requests_max_ + growth, metadata_requests_max);
  duplicates_max_ = std::min(duplicates_max_ + growth, metadata_requests_max);
}

void metadata_source::on_reject(time_point now) {
  // Of rejects that come together the first counts.
  if (pause_end_) return;
  pause_end_ = now + reject_pause_;
  reject_pause_ = std::min(2 * reject_pause_, metadata_pause_max);
  requests_max_ = 1;
}

std::deque<metadata_request> metadata_source::on_silence(time_point now) {
  silent_ = true;
  pause_end_ = now + silence_pause;
  requests_max_ = 1;
  duplicates_max_ = 1;
  return give_up();
}

std::deque<metadata_request> metadata_source::on_banned() {
  banned_ = true;
  return give_up();
}

std::deque<metadata_request> metadata_source::give_up() {
  std::deque<metadata_request> given_up;
  for (const auto& one : asked_) {
    given_up.push_back(one.what);
    if (late_.size() == metadata_late_max) late_.pop_front();
    late_.push_back(one.what);
  }
  asked_.clear();
  bytes_asked_ = 0;
  return given_up;
}

void metadata_source::on_info_known() {
  asked_.clear();
  late_.clear();
  bytes_asked_ = 0;
  silent_ = false;
  pause_end_.reset();
  // A source that was of no use is not given the layers first.
  if (!useful_) requests_max_ = 1;
}

void metadata_source::on_deadline(time_point now) {
  if (!pause_end_ || *pause_end_ > now) return;
  pause_end_.reset();
  silent_ = false;
}

void metadata_source::check_invariants() const {
  std::uint64_t bytes = 0;
  for (const auto& one : asked_) bytes += answer_bytes(one.what);
  SHOAL_ASSERT(bytes == bytes_asked_ && asked_.size() <= metadata_requests_max && late_.size() <= metadata_late_max);
  SHOAL_ASSERT(!banned_ || asked_.empty());
  SHOAL_ASSERT(!silent_ || pause_end_);
}

}  // namespace shoal
