// Fetching what a share is from peers, given only its id: info dictionary (BEP 9), then piece layers (BEP
// 52).
//
// Spreads requests over sources, gives each a deadline, asks others when one rejects, stalls or lies (a
// source that alone delivered an info dictionary with the wrong hash is banned). Same method families as
// transfer. Pure.
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

namespace shoal {

/// A source that has not answered a metadata or hash request after this long is asked for nothing more until
/// it does.
inline constexpr duration metadata_deadline = std::chrono::seconds(3);
/// Requests in flight at one source.
inline constexpr std::uint32_t metadata_requests_max = 8;

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

  struct info_request {
    std::uint32_t piece = 0;
    friend bool operator==(const info_request&, const info_request&) = default;
  };
  using request = std::variant<info_request, hash_range>;
  std::optional<request> next_request(source_id source, time_point now);
  std::optional<source_id> next_ban();
  time_point next_deadline() const;

  /// The info dictionary is known: name and size can be shown. May lack layers.
  const metainfo_ptr& known() const;
  /// Complete metainfo, layers included; null until then.
  const metainfo_ptr& complete() const;
  /// Why it can never complete, for instance an info dictionary that is valid by hash but refused by
  /// metainfo.
  const std::optional<error>& failure() const;

  void check_invariants() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal
