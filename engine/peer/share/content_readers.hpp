// Who reads the content of a share while it arrives, from its begin to its end. The download fetches first what readers
// wait for, and what they will read next.
//
// A content_reader is one of them. While the content is complete it costs nothing. Part of share; on the network thread
// only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "net/event.hpp"
#include "net/notifier.hpp"
#include "peer/session/share_content.hpp"
#include "policy/read_ahead.hpp"

namespace shoal {

class share;

class content_readers {
 public:
  /// Takes the pieces that are to be fetched first.
  using urge = std::function<void(std::vector<piece_index>)>;
  content_readers(const asio::any_io_executor& executor, urge fetch_first);

  /// The metadata or a piece came, or nothing will come any more.
  void on_change() { changed_.notify_all(); }
  /// Tells what is to be fetched first, until stop().
  awaitable<void> run(const share_content& content);
  void stop();
  /// Returns after the next change, or at `deadline`.
  awaitable<void> wait_until(time_point deadline) { return changed_.wait_until(deadline); }

 private:
  friend class content_reader;

  notifier changed_;
  urge fetch_first_;
  std::optional<read_ahead> places_;  ///< once somebody reads what is not here
  event moved_;                       ///< readers came, went or read
  bool stopped_ = false;
};

class content_reader {
 public:
  /// Somebody at `origin` will read the pieces from `first` to `last`, which belongs to them. The metadata of the share
  /// is here.
  content_reader(std::shared_ptr<share> of, const address_group& origin, piece_index first, piece_index last);
  ~content_reader();
  content_reader(const content_reader&) = delete;
  content_reader& operator=(const content_reader&) = delete;

  /// The piece is here and verified.
  bool has(piece_index piece) const;
  /// The piece may still come.
  bool expects() const;
  /// Returns when the piece is here, when it is not expected any more, or at `deadline`.
  awaitable<void> wait_for(piece_index piece, time_point deadline);
  /// So many bytes were read. `at`: the piece that is read next.
  void on_read(piece_index at, std::uint64_t bytes);

 private:
  std::shared_ptr<share> of_;
  piece_index last_;
  std::optional<read_ahead::reader> place_;
};

/// Why something of the share is not here, for strangers: without anything of this machine.
error why_not_here(const share& of);

}  // namespace shoal
