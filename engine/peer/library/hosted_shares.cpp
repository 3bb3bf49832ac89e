#include "peer/library/hosted_shares.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

namespace {

// It has a part of the share, or will have: whoever looks for a place, or found none, has nothing of it.
bool takes_part(const share& one) {
  const bool asks = one.downloading() != nullptr && one.downloading()->phase() == download_phase::metadata;
  return asks || (one.content().files() && !has_failed(one));
}

}  // namespace

bool has_failed(const share& one) {
  return one.downloading() != nullptr && one.downloading()->phase() == download_phase::failed;
}

hosted_shares::hosted_shares(library_context& context, content_watch& watch, missing_shares& missing,
                             const share_limits& limits, share_observer& observer)
    : context_(context), watch_(watch), missing_(missing), limits_(limits), observer_(observer) {}

void hosted_shares::stop() {
  for (auto& [id, one] : shares_) one->stop(end_reason::stopping);
}

std::shared_ptr<share> hosted_shares::host(metainfo_ptr info, std::shared_ptr<content_files> files,
                                           const publication& published) {
  auto hosted = std::make_shared<share>(context_.peer, observer_, info->id());
  hosted->adopt(std::move(info), std::move(files), published);
  start(hosted);
  offer(*hosted);
  return hosted;
}

std::shared_ptr<share> hosted_shares::fetch(download_request request) {
  auto begun = std::make_shared<share>(context_.peer, observer_, request.id);
  const bool is_private = request.info && request.info->is_private();
  begun->start_download(std::move(request));
  start(begun);
  if (!is_private) context_.discovery.watch(begun->id());
  return begun;
}

void hosted_shares::start(const std::shared_ptr<share>& which) {
  shares_[which->id()] = which;
  which->set_limits(limits_.of(which->id()));
  if (which->content().complete()) on_complete(which);
  running_.insert(which);
  context_.tasks.spawn("share", run_share(which));
}

awaitable<void> hosted_shares::run_share(std::shared_ptr<share> which) {
  co_await which->run();
  running_.erase(which);
  context_.changes.notify_all();
}

void hosted_shares::on_complete(const std::shared_ptr<share>& which) {
  const std::string path = which->content().files()->path();
  missing_.remove(path);
  by_path_[path] = which->id();
  if (!context_.is_for_readers(path)) by_name_[which->name()] = which->id();
  watch_.add(path, *which->content().info());
  const local_content content = content_of(*which);
  for (const auto& [id, one] : shares_) {
    if (one != which && one->downloading() != nullptr) one->downloading()->on_content_here(content);
  }
}

local_content hosted_shares::content_of(const share& one) {
  // Each piece as an accuser of its own: of one accuser only one piece waits to be read.
  auto doubt = [this, id = one.id()](piece_index piece) {
    const auto known = find(id);
    if (known) observer_.on_accused(*known, piece, "this peer, piece " + std::to_string(piece.value()));
  };
  const share_content& here = one.content();
  return {{here.info(), here.verified()}, here.files(), std::move(doubt)};
}

std::vector<local_content> hosted_shares::content_besides(const share& one) {
  std::vector<local_content> besides;
  for (const auto& [id, other] : shares_) {
    const share_content& here = other->content();
    const bool has_something = here.info() && here.files() && !here.verified().none();
    if (other.get() != &one && has_something && !other->stopped()) besides.push_back(content_of(*other));
  }
  return besides;
}

awaitable<void> hosted_shares::retire(std::shared_ptr<share> which, end_reason why) {
  const share_id id = which->id();
  which->stop(why);
  if (which->content().complete()) watch_.remove(which->content().files()->path());
  if (find(id) == which) shares_.erase(id);
  // Unless it is here again already, by another way.
  if (!shares_.contains(id)) context_.discovery.withdraw(id);
  co_await wait_for_stopped(id);
}

std::shared_ptr<share> hosted_shares::take_out(const share& which) {
  auto taken = find(which.id());
  if (taken.get() != &which) return nullptr;
  shares_.erase(which.id());
  return taken;
}

void hosted_shares::offer(const share& which) {
  const metainfo_ptr& info = which.content().info();
  if (!info) return;
  // What a download fetches may have become known only now.
  if (info->is_private()) return context_.discovery.unwatch(which.id());
  tracking::share_offer offered;
  offered.id = which.id();
  offered.name = info->name();
  offered.bytes = info->total_bytes();
  offered.files = info->regular_file_count();
  offered.have = which.content().verified_bytes();
  offered.publication = tellable(which.published());
  context_.discovery.offer(offered);
}

void hosted_shares::on_tracker() {
  for (const auto& [id, one] : shares_) {
    if (!one->content().complete() && !one->arrives()) continue;
    const metainfo_ptr info = one->content().info();
    const bool is_private = info && info->is_private();
    if (one->arrives() && !is_private) context_.discovery.watch(id);
    offer(*one);
  }
}

void hosted_shares::on_progress(share& which) {
  auto& discovery = context_.discovery;
  if (discovery.offers(which.id())) return discovery.progress(which.id(), which.content().verified_bytes());
  if (const auto row = discovery.swarm().share(which.id())) which.on_claim(row->publication);
  offer(which);
}

void hosted_shares::on_download_ended(share& which) {
  context_.discovery.unwatch(which.id());
  if (!which.content().complete()) context_.discovery.withdraw(which.id());
  const auto ended = find(which.id());
  if (which.content().complete() && ended.get() == &which) on_complete(ended);
  context_.changes.notify_all();
}

awaitable<void> hosted_shares::wait_for_stopped(share_id id) {
  const auto winding_down = [this, id] {
    return std::any_of(running_.begin(), running_.end(),
                       [id](const auto& one) { return one->id() == id && one->stopped(); });
  };
  while (winding_down()) co_await context_.changes.wait_until(never);
}

awaitable<void> hosted_shares::wait_for_finish(std::shared_ptr<share> which) {
  const auto* running = which->downloading();
  while (running != nullptr && running->phase() == download_phase::finishing && !which->stopped()) {
    co_await context_.changes.wait_until(never);
  }
}

std::shared_ptr<share> hosted_shares::find(const share_id& id) const {
  const auto at = shares_.find(id);
  return at != shares_.end() ? at->second : nullptr;
}

std::shared_ptr<share> hosted_shares::complete_at(const std::string& path) const {
  const auto at = by_path_.find(path);
  auto here = at != by_path_.end() ? find(at->second) : nullptr;
  return here && here->content().complete() && here->content().files()->path() == path ? here : nullptr;
}

std::shared_ptr<share> hosted_shares::complete_named(const std::string& name) const {
  const auto at = by_name_.find(name);
  auto here = at != by_name_.end() ? find(at->second) : nullptr;
  return here && here->content().complete() ? here : nullptr;
}

std::shared_ptr<share> hosted_shares::greeted(const wire::truncated_id& wanted) const {
  share_id first;
  std::ranges::copy(wanted.bytes, first.bytes.begin());
  std::shared_ptr<share> found;
  for (auto at = shares_.lower_bound(first); at != shares_.end() && wire::truncate(at->first) == wanted; ++at) {
    if (!at->second->stopped() && !has_failed(*at->second)) found = at->second;
  }
  return found;
}

tracking::snapshot hosted_shares::rows() const {
  tracking::snapshot rows;
  for (const auto& [id, one] : shares_) {
    tracking::share_row row;
    row.id = id;
    row.name = one->name();
    if (const metainfo_ptr& info = one->content().info()) {
      row.bytes = info->total_bytes();
      row.files = info->regular_file_count();
    }
    row.publication = one->published();
    if (takes_part(*one)) row.held = one->content().verified_bytes();
    if (one->content().complete()) {
      row.seeders = 1;
    } else if (takes_part(*one)) {
      row.leechers = 1;
    }
    rows.shares.push_back(std::move(row));
  }
  return rows;
}

}  // namespace shoal
