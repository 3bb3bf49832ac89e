#include "peer/share/limit_watch.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace shoal {

void limit_watch::look(const subject& at, time_point now) {
  if (last_at_ != time_point{} && now - last_at_ < bottleneck::interval) return;
  bottleneck::sample taken{.own_limit = at.own_limit, .disk_behind = at.disk_behind};
  std::map<source_id, std::uint64_t> received;
  for (const auto& [id, one] : at.sources.in_use()) {
    const std::uint64_t bytes = at.decides.stats(id).bytes_received;
    const auto before = received_.find(id);
    taken.sources.push_back({.source = id,
                             .doing = at.decides.activity(id),
                             .bytes = bytes - (before == received_.end() ? 0 : before->second),
                             .their_limit = one->limit(),
                             .disk = one == at.disk});
    received.emplace(id, bytes);
  }
  const store_queue::work_done done = at.stores.done();
  taken.hashing = done.hashing - done_.hashing;
  taken.writing = done.writing - done_.writing;
  taken.stored = done.bytes - done_.bytes;
  const processor_load::shares& load = processor_.look(now);
  taken.thread = load.thread;
  taken.program = load.program;
  taken.machine = load.machine;
  received_ = std::move(received);
  done_ = done;
  const time_point before = std::exchange(last_at_, now);
  if (before == time_point{}) return;
  samples_.on_sample(std::move(taken), now - before);
  found_ = samples_.find(std::max(1u, std::thread::hardware_concurrency()));
  best_ = std::max(best_, found_.rate);
  // A link lets through at least what has come through it.
  const bool link = found_.what == limiter::uplinks || found_.what == limiter::downlink;
  if (link) found_.possible = best_;
}

}  // namespace shoal
