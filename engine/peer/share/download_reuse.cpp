// download: takes from other shares of this peer what they hold of this one.

#include "content/same_content.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/download.hpp"

namespace shoal {

awaitable<void> download::reuse(std::vector<local_content> here) {
  if (!request_.reuse || here.empty()) co_return;
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
  if (places.empty() || stopped_ || phase_ != download_phase::downloading) co_return;
  if (local_) co_return local_->add(places, here);
  local_ = std::make_unique<local_source>(context_.executor, context_.workers, context_.buffers, *this, info);
  local_->add(places, here);
  tasks_.spawn("reuse", local_->run());
}

void download::on_content_here(local_content content) {
  // Before, it is looked for among all that is here then.
  if (phase_ != download_phase::downloading || stopped_) return;
  std::vector<local_content> one;
  one.push_back(std::move(content));
  tasks_.spawn("look for content", reuse(std::move(one)));
}

void download::let_go_of_reused() {
  if (local_ && sources_.uses(*local_) && !transfer_->interesting(*local_->number())) forget(*local_);
}

}  // namespace shoal
