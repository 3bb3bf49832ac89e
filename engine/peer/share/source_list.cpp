#include "peer/share/source_list.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

namespace {

// Rows of sources that are gone; beyond this the oldest are forgotten.
constexpr std::size_t remembered_max = 256;

}  // namespace

void source_list::on_ready(source& one) {
  if (std::ranges::find(ready_, &one) == ready_.end()) ready_.push_back(&one);
}

void source_list::take_up(source& one, source_id number) {
  one.take_up(number);
  in_use_.emplace(number, &one);
}

void source_list::put_down(source& one) {
  in_use_.erase(*one.number());
  one.put_down();
}

void source_list::put_all_down() {
  for (const auto& [number, one] : in_use_) one->put_down();
  in_use_.clear();
}

source* source_list::at(source_id number) const {
  const auto found = in_use_.find(number);
  return found == in_use_.end() ? nullptr : found->second;
}

void source_list::remember(source_row row) {
  const auto known = std::ranges::find(remembered_, row.name, &source_row::name);
  if (known != remembered_.end()) {
    known->bytes += row.bytes;
    return;
  }
  if (remembered_.size() >= remembered_max) remembered_.erase(remembered_.begin());
  remembered_.push_back(std::move(row));
}

}  // namespace shoal
