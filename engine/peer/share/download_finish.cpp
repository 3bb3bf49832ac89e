// What a download does after its last chunk: write everything to disk, and take its place.

#include "core/human_bytes.hpp"
#include "observe/log.hpp"
#include "peer/share/download.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<void> download::finish() {
  progress_.enter(download_phase::finishing);
  journal_->stop();
  co_await stores_.drained();
  co_await tasks_.join();
  co_await await_attributes();
  if (!progress_.goes_on()) co_return;
  result<void> completed = co_await place_.put();
  while (!completed && completed.error().code == errc::no_space && progress_.goes_on()) {
    room_.on_refused(completed.error());
    // It can be cancelled until it is tried again.
    progress_.enter(download_phase::downloading);
    (void)co_await wake_.wait_until(clock::now() + room_look_interval);
    if (!progress_.goes_on()) co_return;
    progress_.enter(download_phase::finishing);
    completed = co_await place_.put();
  }
  room_.on_passed();
  if (!completed && completed.error().code == errc::conflict && place_.older() == nullptr) {
    // Another peer that downloads to the same directory may have been faster.
    auto there = co_await place_.look();
    if (progress_.stopped()) co_return;
    if (there && there->whole()) co_return co_await take_over(std::move(*there));
  }
  if (!completed) {
    fail(completed.error());
    co_return;
  }
  progress_.enter(download_phase::complete);
  const auto files = content_.files();
  const auto info = content_.info();
  log_info("download is complete name=\"{}\" size=\"{}\" path=\"{}\" seconds={:.1f} share={}", printable(info->name()),
           human_bytes(info->total_bytes()), printable(files->path()), std::chrono::duration<double>(elapsed()).count(),
           request_.id.hex().substr(0, 12));
  share_.on_download_complete();
}

}  // namespace shoal
