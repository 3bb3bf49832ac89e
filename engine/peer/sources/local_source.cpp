#include "peer/sources/local_source.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// The next request is there when one is answered, and each is worth the way to a worker.
constexpr std::uint32_t requests_queued = 32;
// As near as can be: zero would mean that it is not known.
constexpr duration no_distance = std::chrono::microseconds(1);

}  // namespace

local_source::local_source(const asio::any_io_executor& home, asio::thread_pool& workers, buffer_pool& buffers,
                           source_listener& listener, metainfo_ptr wanted)
    : workers_(workers),
      buffers_(buffers),
      listener_(listener),
      wanted_(std::move(wanted)),
      places_(wanted_->shape().piece_count()),
      holds_(wanted_->shape().piece_count()),
      wake_(home) {}

source_limits local_source::limits() {
  return {chunk_bytes_max, requests_queued, no_distance, true};
}

void local_source::add(const std::vector<piece_place>& places, const std::vector<local_content>& from) {
  std::map<std::uint32_t, std::uint32_t> kept;  // of `from`, where they are in contents_
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    if (!places[i].known() || !holds_.set(i)) continue;
    const auto [at, is_new] = kept.try_emplace(places[i].content, static_cast<std::uint32_t>(contents_.size()));
    if (is_new) contents_.push_back(from[places[i].content]);
    places_[i] = places[i];
    places_[i].content = at->second;
  }
  news_ = true;
  wake_.set();
}

bool local_source::offer(piece_index piece, const local_content& own, piece_index verified) {
  if (!holds_.set(piece.value())) return false;
  if (!own_) {
    own_ = static_cast<std::uint32_t>(contents_.size());
    contents_.push_back(own);
  }
  const file_range at = wanted_->shape().locate(verified, 0);
  places_[piece.value()] = {*own_, at.file, at.offset};
  return true;
}

void local_source::stop() {
  stopped_ = true;
  wake_.set();
}

void local_source::request(const byte_range& range) {
  requests_.push_back(range);
  wake_.set();
}

void local_source::cancel(const byte_range& range) {
  const auto at = std::ranges::find(requests_, range);
  if (at == requests_.end()) return;
  requests_.erase(at);
  cancelled_.push_back(range);
  wake_.set();
}

awaitable<void> local_source::run() {
  while (!stopped_) {
    if (std::exchange(news_, false)) {
      tell();
    } else if (!cancelled_.empty()) {
      const byte_range range = cancelled_.front();
      cancelled_.pop_front();
      listener_.on_reject(*this, range);
    } else if (!requests_.empty()) {
      const byte_range range = requests_.front();
      requests_.pop_front();
      co_await answer(range);
    } else {
      co_await wake_.wait();
    }
  }
}

void local_source::tell() {
  if (number()) {
    listener_.on_holds(*this);
  } else if (!holds_.none()) {
    listener_.on_source_ready(*this);
  }
}

result<void> local_source::read(const local_content& from, const piece_place& where, std::uint32_t begin,
                                std::span<std::uint8_t> to) {
  const geometry& shape = from.pieces.info->shape();
  std::uint64_t offset = where.offset + begin;
  while (!to.empty()) {
    const auto in_file = static_cast<std::uint32_t>(offset / shape.piece_bytes());
    const auto in_piece = static_cast<std::uint32_t>(offset % shape.piece_bytes());
    const std::size_t part = std::min<std::size_t>(to.size(), shape.piece_bytes() - in_piece);
    const piece_index piece{shape.file_first_piece(where.file).value() + in_file};
    if (auto done = from.files->read(piece, in_piece, to.first(part)); !done) return done;
    offset += part;
    to = to.subspan(part);
  }
  return {};
}

awaitable<void> local_source::answer(byte_range range) {
  const std::uint32_t bans = bans_;
  const auto is_void = [&] { return stopped_ || bans != bans_; };
  bool begun = false;
  for (std::uint32_t offset = 0; offset < range.bytes && holds_.test(range.piece.value());) {
    const std::uint32_t segment = std::min(receive_buffer_bytes, range.bytes - offset);
    auto buffer = co_await buffers_.acquire();
    const piece_place where = places_[range.piece.value()];
    result<void> filled = error{errc::cancelled, {}};
    if (!is_void() && where.known()) {
      auto fill = [from = contents_[where.content], where, begin = range.begin + offset,
                   to = std::span<std::uint8_t>(buffer.get(), segment)] { return read(from, where, begin, to); };
      filled = co_await offload(workers_, std::move(fill));
    }
    // Told only now, so that what cannot be read can be refused.
    if (filled && !is_void() && !begun) begun = listener_.on_piece_begin(*this, range);
    if (!filled || !begun || is_void()) {
      buffers_.release(std::move(buffer));
      if (is_void() || filled) co_return;
      // Descriptors come back; it will be asked again.
      if (filled.error().code == errc::limit && !begun) co_return listener_.on_reject(*this, range);
      if (where.known()) give_up(where, filled.error().text);
      break;
    }
    listener_.on_bytes(*this, segment);
    listener_.on_blocks(*this, {range.piece, range.begin + offset, segment}, std::move(buffer));
    offset += segment;
  }
  if (is_void()) co_return;
  // An answer without bytes leaves them to others at once.
  if (begun || listener_.on_piece_begin(*this, range)) listener_.on_piece_end(*this, range);
}

void local_source::give_up(piece_place where, std::string_view why) {
  log_warn("a file is not reused path=\"{}\" file={} reason=\"{}\"", printable(contents_[where.content].files->path()),
           where.file.value(), why);
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    if (places_[i].content != where.content || places_[i].file != where.file) continue;
    places_[i] = {};
    holds_.reset(i);
  }
  news_ = true;
}

void local_source::tell_doubt(const piece_place& where, std::uint32_t bytes) {
  const local_content& from = contents_[where.content];
  if (!from.on_doubt) return;
  const geometry& shape = from.pieces.info->shape();
  const std::uint64_t first_of_file = shape.file_first_piece(where.file).value();
  for (std::uint64_t n = where.offset / shape.piece_bytes(); n * shape.piece_bytes() < where.offset + bytes; ++n) {
    from.on_doubt(piece_index{static_cast<std::uint32_t>(first_of_file + n)});
  }
}

void local_source::ban(std::optional<piece_index> damaged) {
  ++bans_;
  requests_.clear();
  cancelled_.clear();
  if (damaged && places_[damaged->value()].known()) {
    tell_doubt(places_[damaged->value()], wanted_->shape().piece_size(*damaged));
    give_up(places_[damaged->value()], "it is not what its hashes say");
  } else {
    std::ranges::fill(places_, piece_place{});
    holds_ = bitmap(holds_.size());
    news_ = true;
  }
  wake_.set();
}

}  // namespace shoal
