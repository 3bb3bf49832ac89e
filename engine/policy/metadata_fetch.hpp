// Fetches what a share is from peers, given only its id: the info dictionary (BEP 9), then the piece layers (BEP 52).
//
// All sources are asked side by side. A source with nothing else to do is asked for what others owe the longest. So a
// silent, slow or lying source holds nothing up while an honest source is there. A source that certainly sent wrong
// data is banned.
//
// metadata_source says what may be in flight at a source. info_claims and layer_collection hold what is collected. The
// methods are of the same kinds as those of transfer. After each event the driver calls next_request() for every
// source. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/metadata_source.hpp"

namespace shoal {

class metadata_fetch {
 public:
  explicit metadata_fetch(const share_id& id);
  /// Goes on from metadata without layers: an info dictionary from the cache of a magnet link, or a .torrent without
  /// layers.
  explicit metadata_fetch(metainfo_ptr without_layers);
  ~metadata_fetch();

  /// Adds a source that can be asked. `info_bytes`: BEP 9 metadata_size, 0 if the source has no dictionary or no BEP 9.
  /// Such a source is still asked for hashes. The driver numbers the sources.
  void on_source(source_id source, std::uint32_t info_bytes, time_point now);
  void on_source_gone(source_id source, time_point now);
  void on_info_piece(source_id source, std::uint32_t piece, std::uint32_t total_bytes, byte_view data, time_point now);
  void on_info_reject(source_id source, std::uint32_t piece, time_point now);
  void on_hashes(source_id source, const hash_range& range, std::span<const digest> hashes, time_point now);
  void on_hash_reject(source_id source, const hash_range& range, time_point now);
  void on_deadline(time_point now);

  using info_request = info_piece_request;
  using request = metadata_request;
  std::optional<request> next_request(source_id source, time_point now);
  std::optional<source_id> next_ban();
  /// When on_deadline() is due. Then a source may get a request that it could not get before. Always later than the
  /// `now` of the last event.
  time_point next_deadline() const;

  /// The info dictionary; null until it is known. Name and size can then be shown. May lack layers.
  const metainfo_ptr& known() const;
  /// Complete metainfo, layers included; null until then.
  const metainfo_ptr& complete() const;
  /// Why the metadata can never be complete. For example, an info dictionary has the right hash, but metainfo refuses
  /// it.
  const std::optional<error>& failure() const;
  /// Bytes of info dictionaries in memory: at most claims_bytes_max.
  std::uint64_t held_bytes() const;

  void check_invariants() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal
