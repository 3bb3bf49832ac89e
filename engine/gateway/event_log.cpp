#include "gateway/event_log.hpp"

#include <charconv>

namespace shoal {

std::string event_log::text_of(std::uint64_t number, std::string_view type, std::string_view json) const {
  std::string text = "id: " + run_ + "-" + std::to_string(number) + "\nevent: ";
  text += type;
  text += "\ndata: ";
  text += json;
  text += "\n\n";
  return text;
}

void event_log::add(std::string_view type, std::string_view json) {
  events_.push_back(text_of(++last_, type, json));
  bytes_ += events_.back().size();
  while (bytes_ > events_bytes_max) {
    bytes_ -= events_.front().size();
    events_.pop_front();
    ++forgotten_;
  }
}

void event_log::clear() {
  events_.clear();
  bytes_ = 0;
  // Also who saw the last one: it is not known what happened since.
  forgotten_ = ++last_;
}

std::optional<event_log::batch> event_log::events_after(std::uint64_t number, std::size_t bytes_max) const {
  if (number < forgotten_ || number > last_) return std::nullopt;
  batch events{{}, number};
  for (std::size_t i = number - forgotten_; i < events_.size() && events.text.size() < bytes_max; ++i) {
    events.text += events_[i];
    ++events.last;
  }
  return events;
}

std::optional<std::uint64_t> event_log::number_of(std::string_view id) const {
  if (!id.starts_with(run_ + "-")) return std::nullopt;
  id.remove_prefix(run_.size() + 1);
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (failure != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

std::string event_log::reset() const {
  return text_of(last_, "reset", "{}");
}

}  // namespace shoal
