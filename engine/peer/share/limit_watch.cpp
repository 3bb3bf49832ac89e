#include "peer/share/limit_watch.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

void limit_watch::rest() {
  samples_.on_pause();
  found_ = {};
  last_at_ = {};
}

void limit_watch::look(const subject& at, time_point now) {
  if (last_at_ != time_point{} && now - last_at_ < bottleneck::interval) return;
  bottleneck::sample taken{.own_limit = at.own_limit, .disk_behind = at.disk_behind};
  std::map<source_id, std::uint64_t> received;
  std::uint64_t own = 0;
  for (const auto& [id, one] : at.sources.in_use()) {
    const std::uint64_t bytes = at.decides.stats(id).bytes_received;
    const auto before = received_.find(id);
    const std::uint64_t news = bytes - (before == received_.end() ? 0 : before->second);
    const bool disk = one == at.disk;
    if (!disk) own += news;
    taken.sources.push_back({.source = id,
                             .doing = at.decides.activity(id),
                             .bytes = news,
                             .their_limit = one->their_limit(),
                             .disk = disk});
    received.emplace(id, bytes);
  }
  const store_queue::work_done done = at.stores.done();
  taken.hashing = done.hashing - done_.hashing;
  taken.writing = done.writing - done_.writing;
  taken.waiting = done.waiting - done_.waiting;
  taken.stored = done.bytes - done_.bytes;
  const std::uint64_t by_all = context_.payload.received() - received_by_all_;
  taken.others = by_all - std::min(by_all, own);
  taken.sent = context_.payload.sent() - sent_;
  const thread_load::shares& load = context_.load.look(now);
  taken.works = load.works;
  taken.waits = load.waits;
  received_ = std::move(received);
  done_ = done;
  received_by_all_ = context_.payload.received();
  sent_ = context_.payload.sent();
  const time_point before = std::exchange(last_at_, now);
  if (before == time_point{}) return;
  samples_.on_sample(std::move(taken), now - before);
  found_ = samples_.find(context_.worker_count);
}

}  // namespace shoal
