// Sends content of a share in answers over HTTP, and waits for what is not here yet.
//
// Only pieces that are verified are sent. What the page cache has is sent at once; a worker brings in the rest. On the
// network thread.
#pragma once

#include <memory>

#include "gateway/byte_ranges.hpp"
#include "gateway/http_exchange.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/content_readers.hpp"
#include "peer/share/share.hpp"

namespace shoal {

/// A client waits so long for the next piece of what it reads, or for the metadata.
inline constexpr duration content_wait_max = std::chrono::seconds(60);

/// Consecutive pieces, at least one.
struct piece_span {
  piece_index first;
  piece_index last;
};
/// The pieces of a file that hold these bytes, which are at least one.
piece_span pieces_of(const geometry& shape, file_index file, const byte_span& span);

/// False: the metadata is not here, because it does not come, or because the client is gone.
awaitable<bool> await_metadata(http_exchange& with, share& of);
/// False: the piece is not here, because it does not come, or because the client is gone.
awaitable<bool> await_piece(http_exchange& with, content_reader& reader, piece_index piece);
/// The first of these bytes, whose piece is here, can be sent. An error: the file is not what it was, or cannot be
/// read.
awaitable<result<void>> check_content(peer_context& context, share& which, const content_reader& reader,
                                      file_index file, byte_span span);
/// Sends so much of a file, which was announced. `reader` is at its first piece. False: the client is gone, or the
/// content does not come; then the connection ends, for half an answer cannot be taken back.
awaitable<bool> send_content(http_exchange& with, peer_context& context, std::shared_ptr<share> which,
                             content_reader& reader, file_index file, byte_span span);

}  // namespace shoal
