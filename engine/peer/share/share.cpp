#include "peer/share/share.hpp"

#include <algorithm>
#include <utility>

#include "content/checked_signatures.hpp"

namespace shoal {

namespace {

/// Different signatures that peers claim before the metadata is here: honest peers claim one.
constexpr std::size_t claims_max = 16;

}  // namespace

share::share(peer_context& context, share_observer& observer, const share_id& id)
    : context_(context),
      observer_(observer),
      id_(id),
      up_(&context.up),
      down_(&context.down),
      turns_(context.executor),
      readers_(context.executor,
               [this](std::vector<piece_index> pieces) {
                 if (download_) download_->on_urgent(std::move(pieces));
               }),
      peers_(context, *this, turns_),
      stop_asked_(context.executor),
      tasks_(context.executor) {}

share::~share() = default;

void share::adopt(metainfo_ptr info, std::shared_ptr<content_files> files, const publication& published) {
  published_ = published;
  content_.adopt(std::move(info), std::move(files));
  turns_.on_shape(content_.info()->shape());
  turns_.on_seeding();
}

void share::start_download(download_request request) {
  published_ = request.published;
  download_owner& owner = *this;
  download_ = std::make_unique<class download>(context_, owner, std::move(request));
  peers_.set_listener(*download_);
}

awaitable<void> share::run() {
  tasks_.spawn("turns", turns_.run());
  if (download_) {
    tasks_.spawn("download", run_download());
    tasks_.spawn("readers", readers_.run(content_));
    tasks_.spawn("dialler", peers_.run());
  }
  // Sessions come and go until then; an empty group is no reason to end.
  while (!stopped_) co_await stop_asked_.wait();
  co_await tasks_.join();
  co_await peers_.join();
}

void share::stop(end_reason why) {
  if (stopped_) return;
  stop_own();
  peers_.for_each([why](session& one) { one.close(why); });
}

bool share::stop_lost(const error& why) {
  if (stopped_) return true;
  stop_own();
  bool all_told = true;
  wire::pieces_hint last_words;
  last_words.withdrawn = std::string(name_of(why.code));
  peers_.for_each([&](session& one) { all_told = one.dismiss(end_reason::share_removed, last_words) && all_told; });
  return all_told;
}

void share::stop_own() {
  stopped_ = true;
  if (download_) download_->stop();
  peers_.stop();
  turns_.stop();
  readers_.stop();
  stop_asked_.set();
}

void share::set_limits(const rate_limits& limits) {
  up_.set_rate(limits.up);
  down_.set_rate(limits.down);
  on_limits();
}

void share::on_limits() {
  if (download_) download_->on_limits();
  peers_.for_each([](session& one) {
    if (!one.closed()) one.on_limits();
  });
}

awaitable<void> share::run_download() {
  co_await download_->run();
  peers_.look_again();
  readers_.on_change();
  if (!stopped_) observer_.on_download_ended(*this);
}

std::string share::name() const {
  if (content_.info()) return content_.info()->name();
  return download_ ? download_->request().name : std::string{};
}

bool share::wants_peers() const {
  const bool all_here = content_.info() && content_.verified().all();
  return !stopped_ && !all_here && !content_.complete() && download_ && !download_->ended();
}

void share::on_accused(session& by, piece_index piece) {
  if (stopped_ || !content_.has(piece)) return;
  observer_.on_accused(*this, piece, by.path().remote_address().to_string());
}

void share::on_claim(const publication& claim) {
  set_published(merged(published_, tellable(claim)));
}

void share::set_published(const publication& published) {
  const bool news = published.is_signed() && published != published_;
  published_ = published;
  if (!news) return;
  peers_.for_each([](session& one) {
    if (!one.closed() && one.remote().hears_hints()) one.say_extensions();
  });
}

void share::on_published(session&, const publication& claim) {
  if (content_.info()) {
    // What is known already needs no check.
    const bool known = published_.is_signed() && published_.signature == claim.signature;
    const publication heard = known ? publication{} : context_.signatures.check(claim, id_, content_.info()->name());
    if (heard.is_signed()) on_claim(heard);
  } else if (claims_.size() < claims_max && std::ranges::find(claims_, claim) == claims_.end()) {
    claims_.push_back(claim);
  }
}

void share::on_doubt(piece_index piece) {
  if (!stopped_) observer_.on_accused(*this, piece, "this peer, piece " + std::to_string(piece.value()));
}

void share::on_content_lost(const error& why) {
  if (stopped_) return;
  if (download_ && !content_.complete()) {
    download_->fail(why);
  } else {
    observer_.on_share_lost(*this, why);
  }
}

void share::on_peers_lacking(std::vector<peer_id> unreached) {
  observer_.on_unreached(*this, std::move(unreached));
}

void share::on_metadata(metainfo_ptr info) {
  content_.on_metadata(std::move(info));
  turns_.on_shape(content_.info()->shape());
  // The list may have had another name for it.
  const std::string& name = content_.info()->name();
  publication best = tellable(context_.signatures.check(published_, id_, name));
  for (const publication& claim : std::exchange(claims_, {})) {
    const publication heard = context_.signatures.check(claim, id_, name);
    if (heard.is_signed()) best = merged(best, heard);
  }
  set_published(best);
  peers_.for_each([](session& one) {
    if (!one.closed()) one.on_shape_known();
  });
  readers_.on_change();
}

void share::on_attributes(metainfo_ptr info) {
  content_.on_attributes(std::move(info));
  peers_.for_each([](session& one) {
    if (one.remote().hears_hints()) one.say_extensions();
  });
}

void share::on_files(std::shared_ptr<content_files> files, bitmap verified) {
  content_.on_files(std::move(files));
  for (std::uint32_t i = verified.next_set(0); i < verified.size(); i = verified.next_set(i + 1)) {
    const piece_index piece{i};
    if (!content_.on_verified(piece)) continue;
    announce(piece);
  }
  readers_.on_change();
  observer_.on_share_progress(*this);
}

void share::on_piece_verified(piece_index piece) {
  if (!content_.on_verified(piece)) return;
  announce(piece);
  readers_.on_change();
  observer_.on_share_progress(*this);
}

void share::announce(piece_index piece) {
  // A write takes some ten microseconds: to tell a crowd takes no more than 2 % of a core.
  constexpr duration per_session = std::chrono::microseconds(500);
  const duration interval = per_session * static_cast<std::int64_t>(peers_.session_count());
  peers_.for_each([piece, interval](session& one) { one.announce(piece, interval); });
}

void share::on_download_complete() {
  content_.on_complete();
  turns_.on_seeding();
  observer_.on_share_progress(*this);
  peers_.look_again();
  // Seeders have nothing to say to each other (BEP 3 leaves it open; every client disconnects).
  peers_.for_each([this](session& one) {
    if (one.remote().holds_all()) {
      one.close(end_reason::both_complete);
    } else {
      turns_.on_holds(one);
    }
  });
}

void share::on_download_failed() {
  readers_.on_change();
  peers_.for_each([](session& one) { one.close(end_reason::share_removed); });
  peers_.look_again();
}

}  // namespace shoal
