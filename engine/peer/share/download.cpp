#include "peer/share/download.hpp"

#include <algorithm>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Most deadlines are seconds long: looking at them this often is precise enough and costs nothing per block. At the end
// idle sources are looked at sooner.
constexpr duration sweep_interval = std::chrono::milliseconds(100);
constexpr duration sweep_interval_min = std::chrono::milliseconds(5);
// Without a source there is nothing to look at but the rate, which falls.
constexpr duration rest_interval = std::chrono::seconds(1);

}  // namespace

download::download(peer_context& context, download_owner& owner, download_request request)
    : context_(context),
      share_(owner),
      content_(owner.content()),
      request_(std::move(request)),
      place_(context, owner, request_, progress_),
      speed_(clock::now()),
      limits_(context),
      wake_(context.executor),
      stores_(context.executor, context.workers, context.buffers,
              [this](std::span<const store_queue::job> done) { on_stored(done); }),
      tasks_(context.executor),
      room_(context, content_, request_.directory, tasks_, wake_) {}

download::~download() = default;

awaitable<void> download::run() {
  const bool known = co_await fetch_metadata();
  if (known) {
    begin_attributes();
    const bool missing = co_await prepare();
    if (missing) {
      co_await transfer_chunks();
      context_.connections.on_finish();
      if (progress_.goes_on()) co_await finish();
      context_.connections.on_finish_end();
    }
  }
  if (journal_) journal_->stop();
  co_await stores_.drained();
  co_await tasks_.join();
  speed_.on_end(clock::now());
  if (progress_.in(download_phase::failed)) {
    // What was verified is not what is there: the next try looks at everything again.
    if (progress_.failure().code == errc::verification) {
      auto forget = [this] { return context_.database.save_progress(request_.id, {}, {}); };
      (void)co_await offload(context_.background, std::move(forget));
    }
    const metainfo_ptr& info = content_.info();
    log_warn("download fails name=\"{}\" error=\"{}\" share={}", printable(info ? info->name() : request_.name),
             progress_.failure().text, request_.id.hex().substr(0, 12));
    share_.on_download_failed();
  }
}

void download::stop() {
  progress_.stop();
  if (metadata_) metadata_->stop();
  wake_.set();
}

void download::fail(error why) {
  if (progress_.ended()) return;
  progress_.fail(std::move(why));
  if (metadata_) metadata_->stop();
  wake_.set();
}

void download::on_urgent(std::vector<piece_index> pieces) {
  if (pieces == urgent_) return;
  urgent_ = std::move(pieces);
  if (phase() != download_phase::downloading) return;
  transfer_->on_urgent(urgent_);
  follow_decisions();
}

awaitable<void> download::transfer_chunks() {
  progress_.enter(download_phase::downloading);
  speed_.on_begin(clock::now());
  on_limits();
  transfer_->on_urgent(urgent_);
  const local_content* older = place_.older() ? &place_.older()->content : nullptr;
  if (reuse_) co_await reuse_->begin(older);
  for (source* one : sources_.ready()) {
    if (!one->closed() && !sources_.uses(*one)) attach(*one);
  }
  tasks_.spawn("journal", journal_->run(transfer_->verified()));
  while (progress_.goes_on() && !transfer_->complete()) {
    const auto now = clock::now();
    look_at_own_side(now);
    if (transfer_->next_deadline() <= now) {
      transfer_->on_deadline(now);
      follow_decisions();
    }
    let_go_of_disk();
    if (reuse_) reuse_->look_at_arrivals(now);
    check_paths(now);
    if (attributes_) attributes_->on_deadline(now);
    if (now >= audit_at_) audit(now);
    speed_.measure(now);
    limits_.look({.decides = *transfer_,
                  .sources = sources_,
                  .stores = stores_,
                  .disk = reuse_ ? reuse_->disk() : nullptr,
                  .own_limit = share_.down().lowest_rate(),
                  .disk_behind = reading_paused_},
                 now);
    if (sources_.in_use().empty() && stores_.size() == 0) {
      limits_.rest();
      auto rest = [files = content_.files()] { return files->rest(); };
      if (!resting_) {
        const result<void> rests = co_await offload(context_.background, std::move(rest));
        if (!rests && rests.error().code != errc::limit) fail(rests.error());
      }
      resting_ = sources_.in_use().empty();
      (void)co_await wake_.wait_until(clock::now() + rest_interval);
      continue;
    }
    resting_ = false;
    sweep_at_ = std::min(now + sweep_interval, std::max(transfer_->next_deadline(), now + sweep_interval_min));
    (void)co_await wake_.wait_until(sweep_at_);
  }
  let_go_of_disk();
  if (reuse_) reuse_->stop();
}

void download::look_at_own_side(time_point now) {
  if (journal_->lost() != nullptr) return fail(*journal_->lost());
  room_.look(now);
  const bool paused = room_.waiting() || (context_.buffers.exhausted() && stores_.size() > 0);
  if (paused) transfer_->on_reading_paused(now);
  const bool resumed = reading_paused_ && !paused;
  reading_paused_ = paused;
  if (!resumed) return;
  transfer_->on_reading_resumed(now);
  pump_all();
}

void download::let_go_of_disk() {
  if (reuse_ && reuse_->spent()) forget(*reuse_->disk());
}

void download::on_content_here(const local_content& content) {
  if (reuse_) reuse_->on_content_here(content);
}

void download::check_paths(time_point now) {
  if (reading_paused_) return;
  const bool starves = silence() >= starved_after;
  for (const auto& [number, one] : sources_.in_use()) {
    const auto stats = transfer_->stats(number);
    if (stats.bytes_in_flight > 0 || stats.stalled) one->look_after(now, starves);
  }
}

void download::attach(source& to) {
  const auto now = clock::now();
  transfer_->on_swarm(share_.peers().known_count());
  const source_limits limits = to.limits();
  const source_id number = transfer_->on_source(limits.request_bytes_max, limits.requests_max, limits.distance, now);
  sources_.take_up(to, number);
  if (is_disk(to)) reuse_->on_number(number);
  if (limits.costs_nothing) transfer_->on_preferred(number);
  transfer_->on_bitmap(number, to.holds(), now);
  if (!to.choking()) transfer_->on_unchoke(number, now);
  pump(to);
}

void download::pump(source& to) {
  if (to.closed() || !sources_.uses(to)) return;
  const auto now = clock::now();
  const source_id number = *to.number();
  to.set_interested(transfer_->interesting(number) && !room_.waiting());
  while (const auto cancel = transfer_->next_cancel(number)) to.cancel(*cancel);
  if (room_.waiting()) return;
  bool asked = false;
  while (const auto request = transfer_->next_request(number, now)) {
    to.request(*request);
    asked = true;
  }
  if (!asked && transfer_->next_idle_check() < sweep_at_) wake_.set();
}

void download::pump_all() {
  // A source that is closed meanwhile stays in the map until it is gone.
  for (const auto& [number, to] : sources_.in_use()) pump(*to);
}

void download::after_event(source& from) {
  pump(from);
  follow_decisions();
}

void download::follow_decisions() {
  while (const auto liar = transfer_->next_ban()) {
    source* one = sources_.at(*liar);
    if (one == nullptr) continue;
    one->ban(transfer_->lied_about(*liar));
    // At once: the source may take a moment to end, and others are to get what it was asked for.
    forget(*one);
  }
  while (const auto query = transfer_->next_leaf_query(clock::now())) {
    leaves_->ask(query->source, sources_.at(query->source), query->piece);
  }
  while (const auto fault = transfer_->next_fault()) {
    log_error("an idle source was forgotten; it is asked now share={} source={} chunk={}",
              request_.id.hex().substr(0, 12), fault->source.value(), fault->chunk.value());
  }
  if (transfer_->work_freed()) pump_all();
  while (const auto affected = transfer_->next_affected()) {
    if (source* one = sources_.at(*affected)) pump(*one);
  }
}

void download::on_source_ready(source& from) {
  sources_.on_ready(from);
  if (!progress_.goes_on()) return;
  if (attributes_) attributes_->offer(from);
  if (sources_.uses(from)) return;
  if (metadata_) {
    metadata_->offer(from);
  } else if (progress_.in(download_phase::downloading)) {
    attach(from);
    wake_.set();
  }
}

void download::on_source_gone(source& from) {
  sources_.on_gone(from);
  forget(from);
}

void download::forget(source& from) {
  if (attributes_) attributes_->forget(from);
  if (!sources_.uses(from)) return;
  const source_id number = *from.number();
  if (transfer_) {
    const auto stats = transfer_->stats(number);
    const char* state = is_disk(from) ? "done" : "gone";
    if (!is_disk(from) && !transfer_->lied_about(number)) {
      last_holders_.on_gone(from.name().address, from.holds(), clock::now());
    }
    if (stats.bytes_received > 0) sources_.remember({from.name(), stats.bytes_received, 0, state});
    sources_.put_down(from);
    transfer_->on_source_gone(number, clock::now());
    if (progress_.in(download_phase::downloading)) follow_decisions();
  } else {
    sources_.put_down(from);
    if (metadata_) metadata_->on_gone(number);
  }
}

void download::on_holds(source& from) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_bitmap(*from.number(), from.holds(), clock::now());
  after_event(from);
}

void download::on_have(source& from, piece_index piece) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_have(*from.number(), piece, clock::now());
  after_event(from);
}

void download::on_hint(source& from, const wire::pieces_hint& hint) {
  if (!transfer_ || !sources_.uses(from)) return;
  for (const piece_index piece : hint.taken) transfer_->on_taken(*from.number(), piece);
  for (const piece_index piece : hint.returned) transfer_->on_returned(*from.number(), piece);
}

void download::on_choke(source& from) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_choke(*from.number(), from.answers_all(), clock::now());
  after_event(from);
}

void download::on_unchoke(source& from) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_unchoke(*from.number(), clock::now());
  after_event(from);
}

void download::on_reject(source& from, const byte_range& range) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_reject(*from.number(), range, clock::now());
  after_event(from);
}

bool download::on_piece_begin(source& from, const byte_range& range) {
  return transfer_ && sources_.uses(from) && transfer_->on_piece_begin(*from.number(), range, clock::now());
}

void download::on_bytes(source& from, std::uint32_t bytes) {
  if (!transfer_ || !sources_.uses(from)) return;
  const auto now = clock::now();
  if (!is_disk(from)) {
    progress_.bytes().fetched += bytes;
    context_.payload.on_received(bytes);
  }
  speed_.on_bytes(bytes, now);
  transfer_->on_bytes(*from.number(), bytes, now);
}

void download::on_limited(source& from) {
  if (transfer_ && sources_.uses(from)) transfer_->on_source_paused(*from.number(), clock::now());
}

void download::on_limit_passed(source& from) {
  if (transfer_ && sources_.uses(from)) transfer_->on_source_resumed(*from.number(), clock::now());
}

void download::on_limits() {
  if (transfer_) transfer_->on_limit(share_.down().lowest_rate());
}

void download::on_blocks(source& from, const byte_range& range, buffer_pool::buffer buffer) {
  block_mask wanted = 0;
  // After stop() nobody may wait for the stores any more.
  if (transfer_ && sources_.uses(from) && progress_.goes_on()) {
    wanted = transfer_->on_blocks(*from.number(), range, clock::now());
  }
  if (wanted == 0) {
    context_.buffers.release(std::move(buffer));
    return;
  }
  stores_.push(content_.files(), *from.number(), range, wanted, std::move(buffer));
}

void download::on_piece_end(source& from, const byte_range& range) {
  if (!transfer_ || !sources_.uses(from)) return;
  transfer_->on_piece_end(*from.number(), range, clock::now());
  if (progress_.in(download_phase::downloading)) after_event(from);
}

void download::on_stored(std::span<const store_queue::job> done) {
  const auto now = clock::now();
  for (const store_queue::job& one : done) {
    for (const store_queue::run& part : one.wanted) {
      const std::uint32_t first_block = one.range.begin / block_bytes + part.first;
      if (!one.written) {
        transfer_->on_store_failed(one.range.piece, first_block, part.count, now);
        continue;
      }
      const auto leaves = std::span(one.leaves).subspan(part.first, part.count);
      if (transfer_->on_stored(one.from, one.range.piece, first_block, leaves, now) == transfer::check::verified) {
        if (reuse_ && reuse_->had(one.from)) {
          progress_.bytes().reused += content_.info()->shape().piece_size(one.range.piece);
        }
        share_.on_piece_verified(one.range.piece);
        if (reuse_) reuse_->offer_twins(one.range.piece);
      }
    }
    if (one.written) {
      room_.on_stored();
    } else if (one.written.error().code == errc::no_space) {
      room_.on_full(one.written.error());
    } else if (one.written.error().code != errc::limit) {
      // For want of descriptors it is asked for again.
      fail(one.written.error());
    }
  }
  if (!progress_.in(download_phase::downloading)) return;
  follow_decisions();
  if (reuse_ && reuse_->disk() != nullptr) pump(*reuse_->disk());
  std::optional<source_id> pumped;
  for (const store_queue::job& one : done) {
    if (one.from == pumped) continue;
    pumped = one.from;
    if (source* from = sources_.at(one.from)) pump(*from);
  }
  if (transfer_->complete()) wake_.set();
}

}  // namespace shoal
