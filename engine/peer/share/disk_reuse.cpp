#include "peer/share/disk_reuse.hpp"

#include <utility>

#include "content/equal_pieces.hpp"
#include "content/same_content.hpp"
#include "net/offload.hpp"

namespace shoal {

disk_reuse::disk_reuse(peer_context& context, const reusing_download& by)
    : context_(context), by_(by), content_(by.owner.content()) {}

local_source& disk_reuse::opened() {
  if (!disk_) {
    disk_ = std::make_unique<local_source>(context_.executor, context_.workers, context_.buffers, by_.listener,
                                           content_.info());
    by_.tasks.spawn("reuse", disk_->run());
  }
  return *disk_;
}

void disk_reuse::stop() {
  if (disk_) disk_->stop();
}

awaitable<void> disk_reuse::begin(const local_content* older) {
  auto find_equal = [info = content_.info()] { return equal_pieces(*info); };
  auto rings = co_await offload(context_.workers, std::move(find_equal));
  if (!acts()) co_return;
  if (!rings.empty()) {
    by_.decides.on_twins(std::move(rings));
    const bitmap verified = by_.decides.verified();
    for (std::uint32_t i = verified.next_set(0); i < verified.size(); i = verified.next_set(i + 1)) {
      offer_twins(piece_index{i});
    }
  }
  auto here = co_await by_.owner.content_besides();
  if (!acts()) co_return;
  // The first that has something is asked for it. `older` was just read; a share of the same place may be out of date.
  if (older != nullptr) here.insert(here.begin(), *older);
  co_await find(std::move(here));
}

void disk_reuse::offer_twins(piece_index verified) {
  if (!acts()) return;
  const std::vector<piece_index> twins = by_.decides.take_twins(verified);
  if (twins.empty()) return;
  const local_content own{
      {content_.info(), {}}, content_.files(), [&owner = by_.owner](piece_index piece) { owner.on_doubt(piece); }};
  for (const piece_index twin : twins) {
    const bool is_new = opened().offer(twin, own, verified);
    if (is_new && by_.sources.uses(*disk_)) by_.decides.on_have(*disk_->number(), twin, clock::now());
  }
  ask_first();
}

void disk_reuse::ask_first() {
  if (!by_.sources.uses(*disk_)) by_.listener.on_source_ready(*disk_);
}

awaitable<void> disk_reuse::find(std::vector<local_content> here) {
  if (here.empty()) co_return;
  const metainfo_ptr info = content_.info();
  const bitmap& verified = by_.decides.verified();
  bitmap missing(verified.size());
  for (std::uint32_t i = 0; i < missing.size(); ++i) {
    if (!verified.test(i)) missing.set(i);
  }
  std::vector<known_pieces> known;
  for (const local_content& one : here) known.push_back(one.pieces);
  auto find_same = [info, missing = std::move(missing), known = std::move(known)] {
    return find_same_content(*info, missing, known);
  };
  const auto places = co_await offload(context_.workers, std::move(find_same));
  if (places.empty() || !acts()) co_return;
  opened().add(places, here);
  ask_first();
}

void disk_reuse::on_content_here(const local_content& content) {
  // Before, it is looked for among all that is here then.
  if (acts()) arrivals_.add(content);
}

void disk_reuse::look_at_arrivals(time_point now) {
  auto arrived = arrivals_.begin_look(now);
  if (!arrived.empty()) by_.tasks.spawn("look for content", look_through(std::move(arrived)));
}

awaitable<void> disk_reuse::look_through(std::vector<local_content> arrived) {
  co_await find(std::move(arrived));
  arrivals_.end_look(clock::now());
}

bool disk_reuse::spent() const {
  if (!disk_ || !by_.sources.uses(*disk_) || by_.decides.interesting(*disk_->number())) return false;
  // To come and go with each piece that has twins would cost all other sources a look.
  return !by_.decides.has_twins() || by_.sources.in_use().size() == 1;
}

}  // namespace shoal
