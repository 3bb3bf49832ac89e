#include "gateway/content_sender.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "net/offload.hpp"

namespace shoal {

namespace {

/// Bytes that are prepared at a time.
constexpr std::uint32_t prepared_bytes_max = 4 * MiB;

/// A client that waits is looked at so often: it may be gone.
constexpr duration client_look_interval = std::chrono::seconds(1);

/// What is here of these bytes from the first on, piece by piece; at most about prepared_bytes_max. The first piece is
/// here.
std::vector<byte_range> ranges_here(const geometry& shape, const content_reader& reader, file_index file,
                                    byte_span span) {
  std::vector<byte_range> ranges;
  for (std::uint64_t bytes = 0; span.bytes > 0 && bytes < prepared_bytes_max;) {
    const piece_index piece = pieces_of(shape, file, span).first;
    if (!ranges.empty() && !reader.has(piece)) break;
    const auto begin = static_cast<std::uint32_t>(span.first % shape.piece_bytes());
    const std::uint64_t rest = std::min<std::uint64_t>(shape.piece_size(piece) - begin, prepared_bytes_max);
    const byte_range& one =
        ranges.emplace_back(byte_range{piece, begin, static_cast<std::uint32_t>(std::min(span.bytes, rest))});
    bytes += one.bytes;
    span.first += one.bytes;
    span.bytes -= one.bytes;
  }
  return ranges;
}

using readable_ranges = std::vector<content_files::readable_range>;

/// Nothing: something has to be waited for.
std::optional<readable_ranges> prepare_now(content_files& files, const std::vector<byte_range>& ranges) {
  readable_ranges ready;
  for (const byte_range& one : ranges) {
    auto range = files.prepare_read_now(one);
    if (!range) return std::nullopt;
    ready.push_back(std::move(*range));
  }
  return ready;
}

/// Blocks.
result<readable_ranges> prepare_all(content_files& files, const std::vector<byte_range>& ranges) {
  readable_ranges ready;
  for (const byte_range& one : ranges) {
    auto range = files.prepare_read(one);
    if (!range) return range.error();
    ready.push_back(std::move(*range));
  }
  return ready;
}

/// A file of the share could not be sent.
void lose(share& which, const error& why) {
  if (why.code != errc::limit && why.code != errc::cancelled) which.on_content_lost(why);
}

/// Waits for what is not in memory.
awaitable<result<readable_ranges>> prepare(peer_context& context, std::shared_ptr<content_files> files,
                                           std::vector<byte_range> ranges) {
  if (auto now = prepare_now(*files, ranges)) co_return std::move(*now);
  auto work = [files, ranges] { return prepare_all(*files, ranges); };
  co_return co_await offload(context.workers, std::move(work));
}

}  // namespace

piece_span pieces_of(const geometry& shape, file_index file, const byte_span& span) {
  const auto piece = [&](std::uint64_t byte) {
    return piece_index{shape.file_first_piece(file).value() + static_cast<std::uint32_t>(byte / shape.piece_bytes())};
  };
  return {piece(span.first), piece(span.first + span.bytes - 1)};
}

awaitable<bool> await_piece(http_exchange& with, content_reader& reader, piece_index piece) {
  const time_point deadline = clock::now() + content_wait_max;
  while (!reader.has(piece) && reader.expects() && clock::now() < deadline) {
    if (!with.keep_waiting()) co_return false;
    co_await reader.wait_for(piece, std::min(deadline, clock::now() + client_look_interval));
  }
  co_return reader.has(piece);
}

awaitable<bool> await_metadata(http_exchange& with, share& of) {
  const time_point deadline = clock::now() + content_wait_max;
  while (!of.content().info() && of.arrives() && clock::now() < deadline) {
    if (!with.keep_waiting()) co_return false;
    co_await of.readers().wait_until(std::min(deadline, clock::now() + client_look_interval));
  }
  co_return of.content().info() != nullptr;
}

awaitable<result<void>> check_content(peer_context& context, share& which, const content_reader& reader,
                                      file_index file, byte_span span) {
  std::vector<byte_range> first = ranges_here(which.content().info()->shape(), reader, file, span);
  first.resize(1);
  const auto ready = co_await prepare(context, which.content().files(), std::move(first));
  if (ready) co_return result<void>();
  lose(which, ready.error());
  co_return ready.error();
}

awaitable<bool> send_content(http_exchange& with, peer_context& context, std::shared_ptr<share> which,
                             content_reader& reader, file_index file, byte_span span) {
  const metainfo_ptr info = which->content().info();
  const geometry& shape = info->shape();
  while (span.bytes > 0) {
    const bool here = co_await await_piece(with, reader, pieces_of(shape, file, span).first);
    if (!here) {
      // Half an answer cannot be taken back.
      with.close_after();
      co_return false;
    }
    const std::vector<byte_range> ranges = ranges_here(shape, reader, file, span);
    const auto files = which->content().files();
    const auto ready = co_await prepare(context, files, ranges);
    if (!ready) {
      with.close_after();
      lose(*which, ready.error());
      co_return false;
    }
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const std::uint32_t bytes = ranges[i].bytes;
      auto check = [&which, &files, &range = ranges[i], &from = (*ready)[i]]() -> result<void> {
        if (which->stopped()) return error{errc::cancelled, "the share is no longer here"};
        return files->check_unchanged(range, from);
      };
      result<bool> sent = false;
      if (const auto same = check()) {
        sent = co_await with.send_file((*ready)[i], bytes, which->up(), check);
      } else {
        sent = same.error();
      }
      if (!sent) {
        with.close_after();
        lose(*which, sent.error());
      }
      if (!sent || !*sent) co_return false;
      context.payload.on_sent(bytes);
      span.first += bytes;
      span.bytes -= bytes;
      reader.on_read(pieces_of(shape, file, {span.first, 1}).first, bytes);
    }
  }
  co_return true;
}

}  // namespace shoal
