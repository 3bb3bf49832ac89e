// Content of this peer's own shares as a source of chunks for a download. Bytes that are on this disk already are read
// and not fetched. Some of them are of the share itself, where it has the same bytes in several places.
//
// It delivers in the same way as a session, and its bytes are verified like those of a peer. A file is given up if it
// cannot be read, or is found to differ from its hashes. Others then bring what it was to bring. Reads one chunk at a
// time on the worker pool, into buffers of the pool that bounds all payload. Owned by disk_reuse; on the network thread
// only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "content/same_content.hpp"
#include "net/buffer_pool.hpp"
#include "net/event.hpp"
#include "net/use_tuple.hpp"
#include "peer/sources/source.hpp"
#include "store/content_files.hpp"

namespace shoal {

/// Content of a share of this peer. `pieces` says which pieces of it are verified.
struct local_content {
  known_pieces pieces;
  std::shared_ptr<content_files> files;
  /// Called with a piece that was read and perhaps differs from its hash.
  std::function<void(piece_index)> on_doubt;
};

class local_source final : public source {
 public:
  /// A source of `wanted` that holds nothing yet. `home` is the network thread.
  local_source(const asio::any_io_executor& home, asio::thread_pool& workers, buffer_pool& buffers,
               source_listener& listener, metainfo_ptr wanted);

  /// Adds pieces. `places`, by piece of the share, lead into `from`. Pieces that it holds already stay. The listener
  /// hears of it.
  void add(const std::vector<piece_place>& places, const std::vector<local_content>& from);
  /// Adds a piece that `verified`, a piece of the share itself, has the same bytes as. `own` is the share's content.
  /// The caller tells the listener of it. False if the source holds the piece already.
  bool offer(piece_index piece, const local_content& own, piece_index verified);
  /// Answers requests until stop().
  awaitable<void> run();
  void stop();

  source_limits limits() override;
  source_name name() const override { return {source_name::kind::disk, {}, "this disk", {}}; }
  const bitmap& holds() const override { return holds_; }
  bool choking() const override { return false; }
  bool answers_all() const override { return true; }
  std::uint64_t their_limit() const override { return 0; }
  bool closed() const override { return stopped_; }
  metadata_origin* metadata() override { return nullptr; }
  void set_interested(bool) override {}
  void request(const byte_range& range) override;
  void cancel(const byte_range& range) override;
  /// Gives up the file that the piece was read from; without a piece, everything.
  void ban(std::optional<piece_index> damaged) override;
  void look_after(time_point, bool) override {}

 private:
  awaitable<void> answer(byte_range range);
  /// Reads `range` of the share as it is on the disk. Blocks.
  static result<void> read(const local_content& from, const piece_place& where, std::uint32_t begin,
                           std::span<std::uint8_t> to);
  /// Makes the share that the piece was read from look at the piece.
  void tell_doubt(const piece_place& where, std::uint32_t bytes);
  /// Gives up everything that leads into this file. The listener will hear of it.
  void give_up(piece_place where, std::string_view why);
  /// Makes the listener hear what there is now.
  void tell();

  asio::thread_pool& workers_;
  buffer_pool& buffers_;
  source_listener& listener_;
  metainfo_ptr wanted_;
  std::vector<local_content> contents_;
  std::optional<std::uint32_t> own_;  // of contents_, that of the share itself
  std::vector<piece_place> places_;   // by piece; `content` is an index of contents_
  bitmap holds_;
  std::deque<byte_range> requests_;
  std::deque<byte_range> cancelled_;
  bool news_ = false;       // the listener must hear of it
  std::uint32_t bans_ = 0;  // each makes the requests before it void
  bool stopped_ = false;
  event wake_;
};

}  // namespace shoal
