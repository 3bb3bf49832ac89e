#include "policy/request_list.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

namespace {

auto find(devector<sent_request>& requests, const byte_range& range) {
  return std::find_if(requests.begin(), requests.end(),
                      [&](const sent_request& request) { return request.range == range; });
}

/// Prefers the answer that is under way, should the same range have been asked for twice.
auto find_begun(devector<sent_request>& requests, const byte_range& range) {
  return std::find_if(requests.begin(), requests.end(),
                      [&](const sent_request& request) { return request.begun && request.range == range; });
}

}  // namespace

void request_list::on_sent(const sent_request& request) {
  outstanding_.push_back(request);
  bytes_ += request.range.bytes;
}

std::optional<sent_request> request_list::on_begin(const byte_range& range) {
  if (const auto found = find(outstanding_, range); found != outstanding_.end()) {
    found->begun = true;
    return *found;
  }
  if (const auto found = find(late_, range); found != late_.end()) {
    found->begun = true;
    return *found;
  }
  return std::nullopt;
}

std::optional<sent_request> request_list::on_end(const byte_range& range) {
  if (const auto found = find_begun(outstanding_, range); found != outstanding_.end()) {
    const sent_request request = *found;
    bytes_ -= request.range.bytes;
    at_risk_ -= request.at_risk;
    outstanding_.erase(found);
    return request;
  }
  if (const auto late = find_begun(late_, range); late != late_.end()) {
    at_risk_ -= late->at_risk;
    late_.erase(late);
  }
  return std::nullopt;
}

std::optional<sent_request> request_list::on_reject(const byte_range& range) {
  // Answers come in order: a reject of a range asked for twice means the request that was given up.
  if (const auto late = find(late_, range); late != late_.end()) {
    sent_request request = *late;
    request.live = 0;
    at_risk_ -= request.at_risk;
    late_.erase(late);
    return request;
  }
  const auto found = find(outstanding_, range);
  if (found == outstanding_.end()) return std::nullopt;
  const sent_request request = *found;
  bytes_ -= request.range.bytes;
  at_risk_ -= request.at_risk;
  outstanding_.erase(found);
  return request;
}

void request_list::remember(const sent_request& request) {
  if (late_.size() == late_requests_max) {
    at_risk_ -= late_.front().at_risk;
    late_.pop_front();
  }
  late_.push_back(request);
  late_.back().live = 0;
}

devector<sent_request>::iterator request_list::withdraw(devector<sent_request>::iterator request) {
  bytes_ -= request->range.bytes;
  cancels_.push_back(request->range);
  request->cancelled = true;
  remember(*request);
  return outstanding_.erase(request);
}

void request_list::on_not_expected(chunk_index chunk, block_mask blocks) {
  for (auto request = outstanding_.begin(); request != outstanding_.end() && blocks != 0;) {
    if (request->chunk == chunk && (request->live & blocks) != 0) {
      const block_mask found = request->live & blocks;
      request->live &= ~found;
      // No other request expects these.
      blocks &= ~found;
      if (request->live == 0 && !request->begun) {
        request = withdraw(request);
        continue;
      }
    }
    ++request;
  }
}

std::optional<sent_request> request_list::on_recalled(std::uint64_t bytes_before) {
  if (outstanding_.size() < 2 || outstanding_.back().begun) return std::nullopt;
  if (bytes_ - outstanding_.back().range.bytes < bytes_before) return std::nullopt;
  const sent_request last = outstanding_.back();
  withdraw(std::prev(outstanding_.end()));
  return last;
}

void request_list::on_wagered(chunk_index chunk, block_mask blocks, std::uint32_t bytes) {
  const auto found = std::find_if(outstanding_.begin(), outstanding_.end(), [&](const sent_request& request) {
    return request.chunk == chunk && (request.live & blocks) != 0;
  });
  if (found == outstanding_.end()) return;
  const std::uint32_t more = std::min(bytes, found->range.bytes - found->at_risk);
  found->at_risk += more;
  at_risk_ += more;
}

void request_list::on_given_up() {
  for (const auto& request : outstanding_) remember(request);
  outstanding_.clear();
  bytes_ = 0;
}

void request_list::on_alive() {
  for (auto& request : late_) {
    if (request.begun || request.cancelled) continue;
    request.cancelled = true;
    cancels_.push_back(request.range);
  }
}

std::optional<byte_range> request_list::next_cancel() {
  if (cancels_.empty()) return std::nullopt;
  const byte_range range = cancels_.front();
  cancels_.pop_front();
  return range;
}

bool request_list::receiving(const byte_range& range) const {
  const auto covers = [&](const sent_request& request) {
    return request.begun && request.range.piece == range.piece && request.range.begin <= range.begin &&
           range.begin - request.range.begin <= request.range.bytes &&
           range.bytes <= request.range.bytes - (range.begin - request.range.begin);
  };
  return std::any_of(outstanding_.begin(), outstanding_.end(), covers) ||
         std::any_of(late_.begin(), late_.end(), covers);
}

void request_list::check_invariants() const {
  std::uint64_t bytes = 0;
  std::uint64_t at_risk = 0;
  for (const auto& request : late_) at_risk += request.at_risk;
  for (const auto& request : outstanding_) {
    bytes += request.range.bytes;
    at_risk += request.at_risk;
    SHOAL_ASSERT(request.at_risk <= request.range.bytes);
    SHOAL_ASSERT((request.live & ~request.blocks) == 0);
    SHOAL_ASSERT(request.live != 0 || request.begun);
  }
  SHOAL_ASSERT(bytes == bytes_);
  SHOAL_ASSERT(at_risk == at_risk_);
  SHOAL_ASSERT(late_.size() <= late_requests_max);
}

}  // namespace shoal
