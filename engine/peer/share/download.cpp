#include "peer/share/download.hpp"

#include <algorithm>

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/session/session.hpp"
#include "peer/share/share.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Most deadlines are seconds long: looking at them this often is precise enough and costs nothing per block. At the end
// idle sources are looked at sooner.
constexpr duration sweep_interval = std::chrono::milliseconds(100);
constexpr duration sweep_interval_min = std::chrono::milliseconds(5);
// Without a source there is nothing to look at but the rate, which falls.
constexpr duration rest_interval = std::chrono::seconds(1);
// Where nothing comes from anybody, a source that owes something and is silent for so long is given up and dialled
// anew, even if something on the way acknowledges what it is sent.
constexpr duration mute_source_max = std::chrono::seconds(30);

}  // namespace

download::download(peer_context& context, share& owner, download_request request)
    : context_(context),
      share_(owner),
      request_(std::move(request)),
      begun_(clock::now()),
      last_byte_(begun_),
      wake_(context.executor),
      stores_(context.executor, context.workers, context.buffers,
              [this](std::span<const store_queue::job> done) { on_stored(done); }),
      tasks_(context.executor) {}

download::~download() = default;

awaitable<void> download::run() {
  const bool known = co_await fetch_metadata();
  if (known) {
    begin_attributes();
    const bool missing = co_await prepare();
    if (missing) {
      co_await transfer_chunks();
      if (!stopped_ && !ended()) co_await finish();
    }
  }
  if (journal_) journal_->stop();
  co_await stores_.drained();
  co_await tasks_.join();
  ended_at_ = clock::now();
  rate_ = 0;
  if (phase_ == download_phase::failed) {
    // What was verified is not what is there: the next try looks at everything again.
    if (failure_.code == errc::verification) {
      auto forget = [this] { return context_.database.save_progress(request_.id, {}, {}); };
      (void)co_await offload(context_.background, std::move(forget));
    }
    log_warn("download fails name=\"{}\" error=\"{}\" share={}", printable(share_.name()), failure_.text,
             request_.id.hex().substr(0, 12));
    share_.on_download_failed();
  }
}

void download::stop() {
  stopped_ = true;
  wake_.set();
}

void download::fail(error why) {
  if (ended()) return;
  failure_ = std::move(why);
  phase_ = download_phase::failed;
  wake_.set();
}

awaitable<void> download::transfer_chunks() {
  phase_ = download_phase::downloading;
  last_byte_ = clock::now();
  for (const auto& one : share_.sessions()) {
    if (one->ready() && !one->closed()) attach(*one);
  }
  tasks_.spawn("journal", journal_->run(transfer_->verified()));
  while (!stopped_ && !ended() && !transfer_->complete()) {
    const auto now = clock::now();
    // Sources are not silent while it is us who do not read, because disk or hash cannot follow.
    const bool paused = context_.buffers.exhausted() && stores_.size() > 0;
    if (paused) transfer_->on_reading_paused(now);
    if (reading_paused_ && !paused) transfer_->on_reading_resumed(now);
    reading_paused_ = paused;
    if (transfer_->next_deadline() <= now) {
      transfer_->on_deadline(now);
      follow_decisions();
    }
    check_paths(now);
    pump_attributes(now);
    measure(now);
    if (attached_.empty() && stores_.size() == 0) {
      auto rest = [files = share_.files()] { return files->rest(); };
      if (!resting_) {
        const result<void> rests = co_await offload(context_.background, std::move(rest));
        if (!rests && rests.error().code != errc::limit) fail(rests.error());
      }
      resting_ = attached_.empty();
      (void)co_await wake_.wait_until(clock::now() + rest_interval);
      continue;
    }
    resting_ = false;
    sweep_at_ = std::min(now + sweep_interval, std::max(transfer_->next_deadline(), now + sweep_interval_min));
    (void)co_await wake_.wait_until(sweep_at_);
  }
}

void download::check_paths(time_point now) {
  for (const auto& [source, one] : attached_) {
    const auto stats = transfer_->stats(source);
    const bool owes = stats.bytes_in_flight > 0 || stats.stalled;
    if (!owes || reading_paused_) continue;
    if (one->path_lost(now)) share_.on_path_lost(*one);
    if (starved() && one->silent_for(now) >= mute_source_max) share_.drop(*one, "it owes an answer and says nothing");
  }
}

awaitable<void> download::finish() {
  phase_ = download_phase::finishing;
  journal_->stop();
  co_await stores_.drained();
  co_await tasks_.join();
  co_await await_attributes();
  if (stopped_ || ended()) co_return;
  const auto files = share_.files();
  const auto info = share_.info();
  auto complete = [this, files, info, published = share_.published]() -> result<void> {
    const std::uint64_t inode = files->record().inode;
    auto attributes = decode_attributes(info->attributes(), info->regular_file_count());
    wanted_attributes wanted;
    if (attributes) wanted = {std::move(*attributes), request_.keep_modes};
    if (auto done = files->finish(wanted); !done) return done;
    result<void> written;
    if (context_.remember_shares) {
      stored_share row{files->path(), request_.symlinks, info->to_torrent(), files->signatures(), inode, published};
      const auto before = context_.database.share(row.path);
      row.follow = before && *before && (*before)->follow;
      written = context_.database.save_share(row);
    }
    if (written) written = context_.database.remove_download(request_.id);
    if (written) return written;
    return error{written.error().code, printable(files->path()) + " is complete, but could not be recorded: " +
                                           written.error().text + "; add it once that is mended"};
  };
  auto go_on = [this] { return !stopped_; };
  const result<void> completed = co_await offload_patiently(context_.background, std::move(complete), go_on);
  if (!completed && completed.error().code == errc::conflict) {
    // Another peer that downloads to the same directory may have been faster.
    auto there = co_await look_at_place();
    if (stopped_) co_return;
    if (there && there->whole()) co_return co_await take_over(std::move(*there));
  }
  if (!completed) {
    fail(completed.error());
    co_return;
  }
  phase_ = download_phase::complete;
  log_info("download is complete name=\"{}\" size=\"{}\" path=\"{}\" seconds={:.1f} share={}", printable(info->name()),
           human_bytes(info->total_bytes()), printable(files->path()), std::chrono::duration<double>(elapsed()).count(),
           request_.id.hex().substr(0, 12));
  share_.on_download_complete();
}

bool download::attached(const session& one) const {
  return one.source && attached_.contains(*one.source);
}

session* download::session_of(source_id source) const {
  const auto at = attached_.find(source);
  return at == attached_.end() ? nullptr : at->second;
}

void download::attach(session& to) {
  const auto now = clock::now();
  transfer_->on_swarm(share_.known_peers());
  to.source = transfer_->on_source(to.request_bytes_max(), to.requests_max(), to.distance(), now);
  attached_.emplace(*to.source, &to);
  transfer_->on_bitmap(*to.source, to.holds(), now);
  if (!to.choked_by_peer()) transfer_->on_unchoke(*to.source, now);
  pump(to);
}

void download::pump(session& to) {
  if (to.closed() || !attached(to)) return;
  const auto now = clock::now();
  const source_id source = *to.source;
  to.set_interested(transfer_->interesting(source));
  while (const auto cancel = transfer_->next_cancel(source)) to.send(wire::cancel{*cancel});
  bool asked = false;
  while (const auto request = transfer_->next_request(source, now)) {
    to.send(wire::request{*request});
    asked = true;
  }
  if (!asked && transfer_->next_idle_check() < sweep_at_) wake_.set();
}

void download::pump_all() {
  // A session that is closed meanwhile stays in the map until its coroutines returned.
  for (const auto& [source, to] : attached_) pump(*to);
}

void download::after_event(session& from) {
  pump(from);
  follow_decisions();
}

void download::follow_decisions() {
  while (const auto liar = transfer_->next_ban()) {
    session* one = session_of(*liar);
    if (one == nullptr) continue;
    share_.ban(*one, transfer_->lied_about(*liar));
    // At once: the session may take a moment to end, and others are to get what it was asked for.
    on_session_gone(*one);
  }
  while (const auto query = transfer_->next_leaf_query(clock::now())) ask_leaves(query->source, query->piece);
  while (const auto fault = transfer_->next_fault()) {
    log_error("an idle source was forgotten; it is asked now share={} source={} chunk={}",
              request_.id.hex().substr(0, 12), fault->source.value(), fault->chunk.value());
  }
  if (transfer_->work_freed()) pump_all();
  while (const auto source = transfer_->next_affected()) {
    if (session* one = session_of(*source)) pump(*one);
  }
}

void download::on_session_ready(session& from) {
  if (stopped_ || ended()) return;
  offer_attributes(from);
  if (attached(from)) return;
  if (phase_ == download_phase::metadata && metadata_) {
    ask_metadata(from);
  } else if (phase_ == download_phase::downloading) {
    attach(from);
    wake_.set();
  }
}

void download::on_session_gone(session& from) {
  if (const auto source = attributes_source(from)) {
    attributes_sources_.erase(*source);
    if (attributes_) attributes_->on_source_gone(*source);
    pump_attributes(clock::now());
  }
  if (!attached(from)) return;
  const source_id source = *from.source;
  if (transfer_) {
    const auto stats = transfer_->stats(source);
    if (stats.bytes_received > 0) {
      remember_gone({from.remote(), from.address(), from.client(), stats.bytes_received, 0, "gone"});
    }
    attached_.erase(source);
    transfer_->on_source_gone(source, clock::now());
    if (phase_ == download_phase::downloading) follow_decisions();
  } else {
    attached_.erase(source);
    if (metadata_) {
      metadata_->on_source_gone(source, clock::now());
      after_metadata_event();
    }
  }
  from.source.reset();
}

void download::on_holds(session& from) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_bitmap(*from.source, from.holds(), clock::now());
  after_event(from);
}

void download::on_have(session& from, piece_index piece) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_have(*from.source, piece, clock::now());
  after_event(from);
}

void download::on_hint(session& from, const wire::pieces_hint& hint) {
  if (!transfer_ || !attached(from)) return;
  for (const piece_index piece : hint.taken) transfer_->on_taken(*from.source, piece);
  for (const piece_index piece : hint.returned) transfer_->on_returned(*from.source, piece);
}

void download::on_choke(session& from) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_choke(*from.source, from.fast(), clock::now());
  after_event(from);
}

void download::on_unchoke(session& from) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_unchoke(*from.source, clock::now());
  after_event(from);
}

void download::on_reject(session& from, const byte_range& range) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_reject(*from.source, range, clock::now());
  after_event(from);
}

bool download::on_piece_begin(session& from, const byte_range& range) {
  return transfer_ && attached(from) && transfer_->on_piece_begin(*from.source, range, clock::now());
}

void download::on_bytes(session& from, std::uint32_t bytes) {
  if (!transfer_ || !attached(from)) return;
  const auto now = clock::now();
  bytes_received_ += bytes;
  context_.bytes_downloaded += bytes;
  last_byte_ = now;
  transfer_->on_bytes(*from.source, bytes, now);
}

void download::on_blocks(session& from, const byte_range& range, buffer_pool::buffer buffer) {
  block_mask wanted = 0;
  // After stop() nobody may wait for the stores any more.
  if (transfer_ && attached(from) && !stopped_ && !ended()) {
    wanted = transfer_->on_blocks(*from.source, range, clock::now());
  }
  if (wanted == 0) {
    context_.buffers.release(std::move(buffer));
    return;
  }
  stores_.push(share_.files(), *from.source, range, wanted, std::move(buffer));
}

void download::on_piece_end(session& from, const byte_range& range) {
  if (!transfer_ || !attached(from)) return;
  transfer_->on_piece_end(*from.source, range, clock::now());
  if (phase_ == download_phase::downloading) after_event(from);
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
        share_.on_piece_verified(one.range.piece);
      }
    }
    // For want of descriptors it is asked for again.
    if (!one.written && one.written.error().code != errc::limit) fail(one.written.error());
  }
  if (phase_ != download_phase::downloading) return;
  follow_decisions();
  std::optional<source_id> pumped;
  for (const store_queue::job& one : done) {
    if (one.from == pumped) continue;
    pumped = one.from;
    if (session* from = session_of(one.from)) pump(*from);
  }
  if (transfer_->complete()) wake_.set();
}

void download::measure(time_point now) {
  if (measured_at_ == time_point{}) measured_at_ = now;
  const double seconds = std::chrono::duration<double>(now - measured_at_).count();
  if (seconds < 0.05) return;
  const double current = static_cast<double>(bytes_received_ - measured_bytes_) / seconds;
  const double weight = 1 - std::exp(-seconds);
  rate_ += (current - rate_) * weight;
  measured_bytes_ = bytes_received_;
  measured_at_ = now;
}

}  // namespace shoal
