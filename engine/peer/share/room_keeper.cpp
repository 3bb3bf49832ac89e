#include "peer/share/room_keeper.hpp"

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

void room_keeper::on_full(const error& why) {
  if (wait_.waiting()) return;
  why_ = why;
  log_warn("download waits for room path=\"{}\" error=\"{}\"", printable(content_.files()->path()), why.text);
  wait_.on_full(clock::now());
  look(clock::now());
}

void room_keeper::look(time_point now) {
  if (looking_ || now < wait_.next_look()) return;
  looking_ = true;
  tasks_.spawn("look for room", look_at_disk());
}

awaitable<void> room_keeper::look_at_disk() {
  auto measure = [files = content_.files()] { return files->room(); };
  const result<disk_room> room = co_await offload(context_.background, std::move(measure));
  looking_ = false;
  if (room) {
    wait_.on_room(room->needed, room->free, clock::now());
  } else {
    wait_.on_unknown();
  }
  if (wait_.waiting()) co_return;
  log_info("download goes on, there is room path=\"{}\"", printable(content_.files()->path()));
  wake_.set();
}

void room_keeper::on_refused(const error& why) {
  if (refusals_logged_.pass(clock::now())) {
    log_warn("download waits for room directory=\"{}\" error=\"{}\" unlogged={}", printable(directory_), why.text,
             refusals_logged_.take_left_out());
  }
  refused_ = true;
  why_ = why;
}

std::string room_keeper::reason() const {
  if (wait_.waiting() && wait_.lacking() > 0) {
    return "the disk is full: " + human_bytes(wait_.lacking()) + " more are needed in " + printable(directory_) +
           "; it goes on by itself when they are free";
  }
  if (wait_.waiting() || refused_) return why_.text + "; it goes on by itself when there is room";
  return {};
}

}  // namespace shoal
