// download: the times and modes of the files, as far as the download has to do with them.

#include <algorithm>

#include "peer/share/download.hpp"

namespace shoal {

namespace {

// A download that is complete waits no longer than this: its bytes are worth more than its times.
constexpr duration attributes_patience = std::chrono::seconds(2);

}  // namespace

void download::begin_attributes() {
  const metainfo_ptr& info = content_.info();
  if (!info->attributes().empty()) return;
  attributes_ = std::make_unique<attributes_download>(
      context_, tasks_, info, [this](metainfo_ptr known) { share_.on_attributes(std::move(known)); },
      [this] { wake_.set(); });
  for (source* one : sources_.ready()) {
    if (!one->closed()) attributes_->offer(*one);
  }
}

void download::on_attributes_part(source& from, std::uint32_t part, byte_view data) {
  if (attributes_) attributes_->on_part(from, part, data);
}

void download::on_attributes_reject(source& from) {
  if (attributes_) attributes_->on_reject(from);
}

awaitable<void> download::await_attributes() {
  const time_point give_up = clock::now() + attributes_patience;
  const auto expected = [this] { return attributes_ && attributes_->expected(); };
  while (progress_.goes_on() && expected() && clock::now() < give_up) {
    const time_point next = std::min(attributes_->next_deadline(), give_up);
    (void)co_await wake_.wait_until(next);
    attributes_->on_deadline(clock::now());
  }
}

}  // namespace shoal
