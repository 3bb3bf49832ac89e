// What a download does after its last chunk: write everything to disk, and take its place. And how it waits for room
// without which it can neither begin nor end.

#include "core/human_bytes.hpp"
#include "observe/log.hpp"
#include "peer/share/download.hpp"
#include "store/printable.hpp"

namespace shoal {

awaitable<bool> download::wait_for_room(error why) {
  room_.on_refused(why);
  if (progress_.goes_on()) (void)co_await wake_.wait_until(clock::now() + room_look_interval);
  room_.on_passed();
  co_return progress_.goes_on();
}

awaitable<void> download::finish() {
  progress_.enter(download_phase::finishing);
  journal_->stop();
  co_await stores_.drained();
  co_await tasks_.join();
  co_await await_attributes();
  if (!progress_.goes_on()) co_return;
  result<void> completed = co_await place_.put();
  while (!completed && completed.error().code == errc::no_space) {
    // It can be cancelled until it is tried again.
    progress_.enter(download_phase::downloading);
    const bool again = co_await wait_for_room(completed.error());
    if (!again) co_return;
    progress_.enter(download_phase::finishing);
    completed = co_await place_.put();
  }
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
