// download: takes from this disk what other shares of this peer hold of this one, and what this one has twice.

#include "content/equal_pieces.hpp"
#include "content/same_content.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/download.hpp"

namespace shoal {

local_source& download::local() {
  if (!local_) {
    local_ =
        std::make_unique<local_source>(context_.executor, context_.workers, context_.buffers, *this, content_.info());
    tasks_.spawn("reuse", local_->run());
  }
  return *local_;
}

awaitable<void> download::begin_reuse() {
  if (!request_.reuse) co_return;
  auto find = [info = content_.info()] { return equal_pieces(*info); };
  auto rings = co_await offload(context_.workers, std::move(find));
  if (progress_.stopped() || !progress_.in(download_phase::downloading)) co_return;
  if (!rings.empty()) {
    transfer_->on_twins(std::move(rings));
    const bitmap verified = transfer_->verified();
    for (std::uint32_t i = verified.next_set(0); i < verified.size(); i = verified.next_set(i + 1)) {
      offer_twins(piece_index{i});
    }
  }
  auto here = co_await share_.content_besides();
  if (progress_.stopped() || !progress_.in(download_phase::downloading)) co_return;
  if (older_) here.push_back(older_->content);
  co_await reuse(std::move(here));
}

void download::offer_twins(piece_index verified) {
  if (progress_.stopped() || !progress_.in(download_phase::downloading)) return;
  const std::vector<piece_index> twins = transfer_->take_twins(verified);
  if (twins.empty()) return;
  const local_content own{
      {content_.info(), {}}, content_.files(), [this](piece_index piece) { share_.on_doubt(piece); }};
  for (const piece_index twin : twins) {
    const bool is_new = local().offer(twin, own, verified);
    if (is_new && sources_.uses(*local_)) transfer_->on_have(*local_->number(), twin, clock::now());
  }
  ask_local_first();
}

void download::ask_local_first() {
  if (!sources_.uses(*local_)) on_source_ready(*local_);
}

awaitable<void> download::reuse(std::vector<local_content> here) {
  if (here.empty()) co_return;
  const metainfo_ptr info = content_.info();
  const bitmap& verified = transfer_->verified();
  bitmap missing(verified.size());
  for (std::uint32_t i = 0; i < missing.size(); ++i) {
    if (!verified.test(i)) missing.set(i);
  }
  std::vector<known_pieces> known;
  for (const local_content& one : here) known.push_back(one.pieces);
  auto find = [info, missing = std::move(missing), known = std::move(known)] {
    return find_same_content(*info, missing, known);
  };
  const auto places = co_await offload(context_.workers, std::move(find));
  if (places.empty() || progress_.stopped() || !progress_.in(download_phase::downloading)) co_return;
  local().add(places, here);
  ask_local_first();
}

void download::on_content_here(const local_content& content) {
  // Before, it is looked for among all that is here then.
  if (request_.reuse && progress_.in(download_phase::downloading) && !progress_.stopped()) arrivals_.add(content);
}

void download::look_at_arrivals(time_point now) {
  auto arrived = arrivals_.begin_look(now);
  if (!arrived.empty()) tasks_.spawn("look for content", look_through(std::move(arrived)));
}

awaitable<void> download::look_through(std::vector<local_content> arrived) {
  co_await reuse(std::move(arrived));
  arrivals_.end_look(clock::now());
}

void download::let_go_of_reused() {
  if (!local_ || !sources_.uses(*local_) || transfer_->interesting(*local_->number())) return;
  // To come and go with each piece that has twins would cost all other sources a look.
  const bool may_hold_more = transfer_->has_twins() && sources_.in_use().size() > 1;
  if (!may_hold_more) forget(*local_);
}

}  // namespace shoal
