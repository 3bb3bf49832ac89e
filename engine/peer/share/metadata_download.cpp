#include "peer/share/metadata_download.hpp"

#include <variant>

#include "core/time.hpp"

namespace shoal {

namespace {

// What a node is asked for at once must not be too much for it.
static_assert(metadata_requests_max < wire::requests_queued_max);

metadata_fetch fetch_of(const share_id& id, const metainfo_ptr& known) {
  return known ? metadata_fetch(known) : metadata_fetch(id);
}

}  // namespace

metadata_download::metadata_download(const asio::any_io_executor& home, const share_id& id, const metainfo_ptr& known,
                                     source_list& sources)
    : sources_(sources), fetch_(fetch_of(id, known)), wake_(home) {}

awaitable<result<metainfo_ptr>> metadata_download::run() {
  while (!stopped_ && !fetch_.complete() && !fetch_.failure()) {
    (void)co_await wake_.wait_until(fetch_.next_deadline());
    const auto now = clock::now();
    if (fetch_.next_deadline() <= now) {
      fetch_.on_deadline(now);
      pump();
    }
  }
  sources_.put_all_down();
  if (stopped_) co_return error{errc::cancelled, "the metadata is not needed any more"};
  stopped_ = true;
  if (fetch_.failure()) co_return *fetch_.failure();
  co_return fetch_.complete();
}

void metadata_download::stop() {
  stopped_ = true;
  wake_.set();
}

void metadata_download::offer(source& from) {
  const metadata_origin* origin = from.metadata();
  if (stopped_ || origin == nullptr) return;
  const source_id number{next_source_++};
  sources_.take_up(from, number);
  fetch_.on_source(number, origin->info_bytes(), clock::now());
  after_event();
}

void metadata_download::on_gone(source_id gone) {
  fetch_.on_source_gone(gone, clock::now());
  after_event();
}

void metadata_download::on_info_piece(const source& from, std::uint32_t piece, std::uint32_t total_bytes,
                                      byte_view data) {
  if (!sources_.uses(from)) return;
  fetch_.on_info_piece(*from.number(), piece, total_bytes, data, clock::now());
  after_event();
}

void metadata_download::on_info_reject(const source& from, std::uint32_t piece) {
  if (!sources_.uses(from)) return;
  fetch_.on_info_reject(*from.number(), piece, clock::now());
  after_event();
}

void metadata_download::on_hashes(const source& from, const hash_range& range, std::span<const digest> hashes) {
  if (!sources_.uses(from)) return;
  fetch_.on_hashes(*from.number(), range, hashes, clock::now());
  after_event();
}

void metadata_download::on_hash_reject(const source& from, const hash_range& range) {
  if (!sources_.uses(from)) return;
  fetch_.on_hash_reject(*from.number(), range, clock::now());
  after_event();
}

void metadata_download::after_event() {
  if (stopped_) return;
  while (const auto liar = fetch_.next_ban()) {
    if (source* one = sources_.at(*liar)) one->ban({});
  }
  pump();
  // Deadlines have moved.
  wake_.set();
}

void metadata_download::pump() {
  const auto now = clock::now();
  for (const auto& [number, to] : sources_.in_use()) {
    if (to->closed()) continue;
    while (const auto request = fetch_.next_request(number, now)) {
      if (const auto* info = std::get_if<metadata_fetch::info_request>(&*request)) {
        to->metadata()->request_info(info->piece);
      } else {
        to->metadata()->request_hashes(std::get<hash_range>(*request));
      }
    }
  }
}

}  // namespace shoal
