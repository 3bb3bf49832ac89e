#include "peer/session/uploader.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "net/offload.hpp"
#include "policy/message_prices.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// One sendfile call: large enough to be cheap, small enough to let other sessions have their turn.
constexpr std::size_t sendfile_bytes_max = 1 * MiB;

error read_error(const std::string& path, int error_number) {
  error why = system_error("cannot read " + printable(path), error_number);
  why.text += ": download it again, or add it anew";
  why.code = errc::verification;
  return why;
}

}  // namespace

void uploader::reject(const byte_range& range) {
  // Without BEP 6 there is no way to say no; the other side's deadline finds out.
  if (host_.remote().fast()) host_.send(wire::reject{range});
}

void uploader::on_request(const byte_range& range) {
  const share_content& content = share_.content();
  if (!content.info() || !content.info()->shape().valid_with_padding(range)) {
    host_.close(end_reason::protocol, "a request outside the share: piece " + std::to_string(range.piece.value()) +
                                          ", byte " + std::to_string(range.begin) + ", " + std::to_string(range.bytes) +
                                          " bytes");
    return;
  }
  if (!content.has(range.piece) || waiting_.size() >= wire::requests_queued_max || !host_.may_serve(range)) {
    host_.charge(prices::refusal);
    reject(range);
    return;
  }
  // It is the last block of its piece, which is asked for once.
  const bool is_short = range.bytes < block_bytes;
  if (is_short && ++short_requests_ > content.info()->shape().piece_count()) host_.charge(prices::short_request);
  waiting_.emplace_back(range);
  host_.wake();
}

void uploader::on_cancel(const byte_range& range) {
  host_.charge(prices::refusal + prices::entry * static_cast<work_price>(waiting_.size()));
  const auto at = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& one) {
    const auto* request = std::get_if<byte_range>(&one);
    return request != nullptr && *request == range;
  });
  if (at != waiting_.end()) {
    waiting_.erase(at);
  } else {
    const auto taken = std::find(preparing_.begin(), preparing_.end(), range);
    if (taken == preparing_.end()) return;
    preparing_.erase(taken);
  }
  reject(range);
  host_.on_refused({&range, 1});
}

void uploader::reject_beyond(std::uint64_t bytes) {
  std::uint64_t kept = 0;
  for (const byte_range& range : preparing_) kept += range.bytes;
  std::vector<byte_range> rejected;
  std::erase_if(waiting_, [&](const auto& one) {
    const auto* request = std::get_if<byte_range>(&one);
    if (request == nullptr) return false;
    if (kept + request->bytes <= bytes) {
      kept += request->bytes;
      return false;
    }
    kept = bytes;
    rejected.push_back(*request);
    reject(*request);
    return true;
  });
  host_.on_refused(rejected);
}

void uploader::forget_requests() {
  std::vector<byte_range> forgotten(preparing_.begin(), preparing_.end());
  preparing_.clear();
  std::erase_if(waiting_, [&](const auto& one) {
    const auto* request = std::get_if<byte_range>(&one);
    if (request != nullptr) forgotten.push_back(*request);
    return request != nullptr;
  });
  host_.on_refused(forgotten);
}

void uploader::on_metadata_request(std::uint32_t piece) {
  queue({piece, false});
}

void uploader::on_attributes_request(std::uint32_t part) {
  queue({part, true});
}

void uploader::queue(const metadata_request& request) {
  if (waiting_.size() >= wire::requests_queued_max) {
    answer(request, {});
    return;
  }
  waiting_.emplace_back(request);
  host_.wake();
}

awaitable<void> uploader::serve_next() {
  if (const auto* metadata = std::get_if<metadata_request>(&waiting_.front())) {
    const metainfo_ptr info = share_.content().info();
    answer(*metadata, !info ? byte_view() : metadata->attributes ? info->attributes() : info->info());
    waiting_.pop_front();
    co_return;
  }
  if (const auto* hashes = std::get_if<hash_range>(&waiting_.front())) {
    const hash_range range = *hashes;
    host_.charge(next_price());
    waiting_.pop_front();
    --hashes_waiting_;
    co_await serve_hashes(range);
    co_return;
  }
  std::vector<byte_range> ranges;
  std::uint32_t bytes = 0;
  while (!waiting_.empty() && bytes < prepare_bytes_max && ranges.size() < prepare_ranges_max) {
    const auto* request = std::get_if<byte_range>(&waiting_.front());
    if (request == nullptr) break;
    bytes += request->bytes;
    ranges.push_back(*request);
    waiting_.pop_front();
  }
  auto prepare = [files = share_.content().files(), info = share_.content().info(), ranges] {
    std::vector<prepared> ready;
    ready.reserve(ranges.size());
    for (std::size_t first = 0; first < ranges.size();) {
      // What a client asks for in blocks of 16 KiB is looked at in one go.
      byte_range joined = ranges[first];
      std::size_t next = first + 1;
      while (next < ranges.size() && ranges[next].piece == joined.piece &&
             ranges[next].begin == joined.begin + joined.bytes) {
        joined.bytes += ranges[next++].bytes;
      }
      const std::uint32_t piece_size = info->shape().piece_size(joined.piece);
      joined.bytes = std::min(joined.bytes, piece_size - joined.begin);
      const auto source = files->prepare_read(joined);
      for (; first < next; ++first) {
        const byte_range& range = ranges[first];
        prepared one{range, std::min(range.bytes, piece_size - range.begin), source};
        if (one.source) one.source->offset += range.begin - joined.begin;
        ready.push_back(std::move(one));
      }
    }
    return ready;
  };
  preparing_.assign(ranges.begin(), ranges.end());
  auto ready = co_await offload(context_.workers, std::move(prepare));
  for (const prepared& one : ready) {
    if (host_.closed()) co_return;
    // Those before it are sent or cancelled, so it is the first, or it was cancelled, too.
    if (preparing_.empty() || preparing_.front() != one.range) continue;
    preparing_.pop_front();
    if (!one.source) {
      reject(one.range);
      host_.on_refused({&one.range, 1});
      // For want of descriptors or memory nothing is lost, nor where another copy has just taken the place of this one.
      const errc why = one.source.error().code;
      if (why != errc::limit && why != errc::cancelled) share_.on_content_lost(one.source.error());
      continue;
    }
    sending_ = true;
    const bool sent = co_await send_range(one);
    sending_ = false;
    if (!sent) co_return;
    host_.on_served(one.range.bytes);
  }
}

awaitable<bool> uploader::wait_writable() {
  (void)co_await stream_.wait_writable();
  co_return !host_.closed();
}

awaitable<bool> uploader::send_bytes(byte_view bytes, bool more) {
  while (!bytes.empty()) {
    const auto put = stream_.send_some(bytes, more);
    if (put.bytes > 0) {
      bytes = bytes.subspan(put.bytes);
    } else if (put.would_block) {
      const bool open = co_await wait_writable();
      if (!open) co_return false;
    } else {
      host_.close(end_reason::closed_by_peer);
      co_return false;
    }
  }
  host_.on_sent();
  co_return true;
}

awaitable<bool> uploader::send_range(const prepared& one) {
  byte_buffer header = host_.take_outbox();
  wire::encode_piece_header(one.range, header);
  const bool greeted = co_await send_bytes(header, true);
  if (!greeted) co_return false;
  std::uint64_t offset = one.source->offset;
  std::size_t left = one.bytes_in_file;
  throttle& limit = share_.up();
  const time_point begun = clock::now();
  duration waited{};
  while (left > 0) {
    const std::size_t wanted = std::min(left, sendfile_bytes_max);
    std::uint64_t allowed = limit.take_now(wanted);
    if (allowed == 0) {
      const time_point since = clock::now();
      allowed = co_await limit.take(turn_, wanted);
      waited += clock::now() - since;
    }
    if (allowed == 0) co_return false;
    const auto put = stream_.send_file(one.source->file->descriptor(), offset, allowed);
    limit.put_back(allowed - put.bytes);
    if (put.bytes > 0) {
      offset += put.bytes;
      left -= put.bytes;
      on_payload_sent(put.bytes);
    } else if (put.would_block) {
      const bool open = co_await wait_writable();
      if (!open) co_return false;
    } else if (put.error_number == 0) {
      // The file became shorter: half a message cannot be taken back.
      share_.on_content_lost({errc::conflict, "a shared file became shorter while it was sent"});
      host_.close(end_reason::share_removed);
      co_return false;
    } else {
      const int why = put.error_number;
      if (put.is_read_failure()) share_.on_content_lost(read_error(share_.content().files()->path(), why));
      host_.close(end_reason::closed_by_peer);
      co_return false;
    }
  }
  limit_wait_.on_sent(clock::now() - begun, waited);
  if (const auto news = limit_wait_.next_news(limit.lowest_rate())) host_.on_held_by_limit(*news);
  static constexpr std::array<std::uint8_t, block_bytes> zeros{};
  co_return co_await send_bytes(byte_view(zeros).first(one.range.bytes - one.bytes_in_file), false);
}

void uploader::on_payload_sent(std::size_t bytes) {
  const auto now = clock::now();
  host_.on_payload_sent(bytes, now);
  if (unsent_.on_sent(bytes, now)) stream_.set_unsent_max(unsent_.bytes());
  if (path_.on_sent(bytes, now) && host_.is_near()) stream_.leave_bbr();
}

void uploader::answer(const metadata_request& request, byte_view whole) {
  const auto& theirs = host_.remote().extensions();
  const auto id = request.attributes ? theirs.shoal_files : theirs.ut_metadata;
  if (!id) return;
  wire::metadata_message answer;
  answer.piece = request.piece;
  answer.type = wire::metadata_message::kind::reject;
  const std::uint64_t begin = std::uint64_t{request.piece} * metadata_piece_bytes;
  if (begin < whole.size()) {
    const auto part = whole.subspan(begin, std::min<std::size_t>(metadata_piece_bytes, whole.size() - begin));
    answer.type = wire::metadata_message::kind::data;
    answer.total_bytes = static_cast<std::uint32_t>(whole.size());
    answer.data.assign(part.begin(), part.end());
  }
  host_.send(wire::extended{*id, wire::encode(answer)});
}

}  // namespace shoal
