#include "peer/share/content_readers.hpp"

#include <utility>

#include "peer/share/share.hpp"

namespace shoal {

namespace {

/// Readers move all the time, and each telling makes the download look at all its sources.
constexpr duration tell_interval = std::chrono::milliseconds(50);

}  // namespace

content_readers::content_readers(const asio::any_io_executor& executor, urge fetch_first)
    : changed_(executor), fetch_first_(std::move(fetch_first)), moved_(executor) {}

awaitable<void> content_readers::run(const share_content& content) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  while (!stopped_) {
    co_await moved_.wait();
    if (stopped_ || !places_) continue;
    fetch_first_(places_->urgent(content.verified(), clock::now()));
    pause.expires_after(tell_interval);
    (void)co_await pause.async_wait(use_tuple);
  }
}

void content_readers::stop() {
  stopped_ = true;
  moved_.set();
  changed_.notify_all();
}

content_reader::content_reader(std::shared_ptr<share> of, const address_group& origin, piece_index first,
                               piece_index last)
    : of_(std::move(of)), last_(last) {
  if (of_->content().complete()) return;
  content_readers& all = of_->readers();
  if (!all.places_) all.places_.emplace(of_->content().info()->shape().piece_bytes(), urgent_pieces_max);
  place_ = all.places_->on_reader(origin, first, last, clock::now());
  all.moved_.set();
}

content_reader::~content_reader() {
  if (!place_) return;
  content_readers& all = of_->readers();
  all.places_->on_gone(*place_);
  all.moved_.set();
}

bool content_reader::has(piece_index piece) const {
  return of_->content().has(piece);
}

bool content_reader::expects() const {
  return of_->arrives();
}

awaitable<void> content_reader::wait_for(piece_index piece, time_point deadline) {
  while (!has(piece) && expects() && clock::now() < deadline) co_await of_->readers().wait_until(deadline);
}

void content_reader::on_read(piece_index at, std::uint64_t bytes) {
  if (!place_) return;
  content_readers& all = of_->readers();
  all.places_->on_read(*place_, std::min(at, last_), bytes, clock::now());
  all.moved_.set();
}

error why_not_here(const share& of) {
  const class download* fetches = of.downloading();
  if (of.stopped() || fetches == nullptr) return {errc::cancelled, "the share is no longer here"};
  if (fetches->phase() == download_phase::failed) {
    return {errc::cancelled, "the download failed: " + std::string(name_of(fetches->failure().code))};
  }
  return {errc::timed_out, "this is not here yet: " + fetches->why().cause};
}

}  // namespace shoal
