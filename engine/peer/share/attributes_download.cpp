#include "peer/share/attributes_download.hpp"

#include <algorithm>
#include <utility>

#include "content/file_attributes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"

namespace shoal {

attributes_download::attributes_download(peer_context& context, task_group& tasks, metainfo_ptr info,
                                         std::function<void(metainfo_ptr)> on_list, std::function<void()> on_change)
    : context_(context),
      tasks_(tasks),
      info_(std::move(info)),
      on_list_(std::move(on_list)),
      on_change_(std::move(on_change)),
      fetch_(attributes_bytes_max(info_->regular_file_count()), metadata_piece_bytes) {}

std::optional<source_id> attributes_download::number_of(const source& from) const {
  const auto at = std::ranges::find_if(sources_, [&](const auto& row) { return row.second == &from; });
  return at == sources_.end() ? std::nullopt : std::optional(at->first);
}

void attributes_download::offer(source& from) {
  const metadata_origin* origin = from.metadata();
  if (known_ || origin == nullptr || origin->attributes_bytes() == 0) return;
  auto number = number_of(from);
  if (!number) number = sources_.emplace(source_id{next_source_++}, &from).first->first;
  fetch_.on_source(*number, origin->attributes_bytes());
  pump(clock::now());
}

void attributes_download::forget(const source& from) {
  const auto number = number_of(from);
  if (!number) return;
  sources_.erase(*number);
  fetch_.on_source_gone(*number);
  pump(clock::now());
}

void attributes_download::on_part(const source& from, std::uint32_t part, byte_view data) {
  const auto number = number_of(from);
  if (known_ || !number) return;
  fetch_.on_part(*number, part, data, clock::now());
  pump(clock::now());
}

void attributes_download::on_reject(const source& from) {
  const auto number = number_of(from);
  if (known_ || !number) return;
  fetch_.on_reject(*number);
  pump(clock::now());
}

void attributes_download::on_deadline(time_point now) {
  if (!known_) pump(now);
}

void attributes_download::pump(time_point now) {
  if (known_) return;
  fetch_.on_deadline(now);
  if (fetch_.complete() && !reading_) {
    reading_ = true;
    tasks_.spawn("attributes", read());
  }
  while (const auto request = fetch_.next_request(now)) {
    sources_.at(request->source)->metadata()->request_attributes(request->part);
  }
}

awaitable<void> attributes_download::read() {
  // Of many files it takes a while.
  const byte_view list = fetch_.list();
  auto work = [info = info_, list = byte_buffer(list.begin(), list.end())] { return info->with_attributes(list); };
  auto known = co_await offload(context_.workers, std::move(work));
  reading_ = false;
  if (known) {
    known_ = true;
    sources_.clear();
    on_list_(std::move(*known));
  } else {
    log_debug("file attributes are nonsense share={} error=\"{}\"", info_->id().hex().substr(0, 12),
              known.error().text);
    if (fetch_.complete()) fetch_.on_nonsense();
    pump(clock::now());
  }
  on_change_();
}

}  // namespace shoal
