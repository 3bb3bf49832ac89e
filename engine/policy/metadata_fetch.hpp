// Fetching what a share is from peers, given only its id: info dictionary (BEP 9), then piece layers (BEP 52).
//
// All sources are asked side by side. One that has nothing else to do is asked for what others owe the longest, so a
// silent, slow or lying one holds nothing up as long as an honest one is there; a source that certainly sent wrong data
// is banned. What may be in flight at a source says metadata_source, what is collected info_claims and
// layer_collection. Same method families as transfer; after each event the driver asks next_request for every source.
// Pure.
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
  /// Goes on from metadata whose layers are missing (an info dictionary from a magnet link's cache or a
  /// .torrent without layers).
  explicit metadata_fetch(metainfo_ptr without_layers);
  ~metadata_fetch();

  /// A source that can be asked. `info_bytes`: BEP 9 metadata_size, 0 if it has none or does not support BEP
  /// 9 (it is still asked for hashes). Sources are the driver's to number.
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
  /// When on_deadline is due; a source may be asked for something then that it was not before. Later than all that was
  /// said to have happened.
  time_point next_deadline() const;

  /// The info dictionary is known: name and size can be shown. May lack layers.
  const metainfo_ptr& known() const;
  /// Complete metainfo, layers included; null until then.
  const metainfo_ptr& complete() const;
  /// Why it can never complete, for instance an info dictionary that is valid by hash but refused by
  /// metainfo.
  const std::optional<error>& failure() const;
  /// Bytes of info dictionaries in memory: at most claims_bytes_max.
  std::uint64_t held_bytes() const;

  void check_invariants() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal
