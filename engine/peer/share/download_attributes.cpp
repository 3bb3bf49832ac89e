// download: fetches the list of file attributes from whoever has it, and keeps it for others.

#include <algorithm>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/download.hpp"
#include "peer/share/share.hpp"

namespace shoal {

namespace {

// A download that is complete waits no longer than this: its bytes are worth more than its times.
constexpr duration attributes_patience = std::chrono::seconds(2);

}  // namespace

void download::begin_attributes() {
  const metainfo_ptr& info = share_.info();
  if (!info->attributes().empty()) return;
  attributes_ =
      std::make_unique<attributes_fetch>(attributes_bytes_max(info->regular_file_count()), metadata_piece_bytes);
  for (source* one : ready_) {
    if (!one->closed()) offer_attributes(*one);
  }
}

std::optional<source_id> download::attributes_source(const source& from) const {
  for (const auto& [number, one] : attributes_sources_) {
    if (one == &from) return number;
  }
  return std::nullopt;
}

void download::offer_attributes(source& from) {
  const metadata_origin* origin = from.metadata();
  if (!attributes_ || origin == nullptr || origin->attributes_bytes() == 0) return;
  auto number = attributes_source(from);
  if (!number) number = attributes_sources_.emplace(source_id{next_source_++}, &from).first->first;
  attributes_->on_source(*number, origin->attributes_bytes());
  pump_attributes(clock::now());
}

void download::pump_attributes(time_point now) {
  if (!attributes_) return;
  attributes_->on_deadline(now);
  if (attributes_->complete() && !reading_attributes_) {
    reading_attributes_ = true;
    tasks_.spawn("attributes", read_attributes());
  }
  while (const auto request = attributes_->next_request(now)) {
    attributes_sources_.at(request->source)->metadata()->request_attributes(request->part);
  }
}

awaitable<void> download::read_attributes() {
  // Of many files it takes a while.
  const byte_view list = attributes_->list();
  auto read = [info = share_.info(), list = byte_buffer(list.begin(), list.end())] {
    return info->with_attributes(list);
  };
  auto known = co_await offload(context_.workers, std::move(read));
  reading_attributes_ = false;
  if (known) {
    attributes_.reset();
    attributes_sources_.clear();
    share_.on_attributes(std::move(*known));
  } else {
    log_debug("file attributes are nonsense share={} error=\"{}\"", request_.id.hex().substr(0, 12),
              known.error().text);
    if (attributes_->complete()) attributes_->on_nonsense();
    pump_attributes(clock::now());
  }
  wake_.set();
}

void download::on_attributes_part(source& from, std::uint32_t part, byte_view data) {
  const auto number = attributes_source(from);
  if (!attributes_ || !number) return;
  attributes_->on_part(*number, part, data, clock::now());
  pump_attributes(clock::now());
}

void download::on_attributes_reject(source& from) {
  const auto number = attributes_source(from);
  if (!attributes_ || !number) return;
  attributes_->on_reject(*number);
  pump_attributes(clock::now());
}

awaitable<void> download::await_attributes() {
  const time_point give_up = clock::now() + attributes_patience;
  const auto expected = [this] { return attributes_ && (attributes_->waiting() || reading_attributes_); };
  while (!stopped_ && !ended() && expected() && clock::now() < give_up) {
    const time_point next = std::min(attributes_->next_deadline(), give_up);
    (void)co_await wake_.wait_until(next);
    pump_attributes(clock::now());
  }
}

}  // namespace shoal
