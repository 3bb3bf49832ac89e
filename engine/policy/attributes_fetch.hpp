// Decides whom a download asks for the list of file attributes (content/file_attributes), in parts like those of BEP 9.
//
// One source at a time, because the list is short and nothing waits for it but the end of the download. One that
// refuses, is silent or sends nonsense is left out and the next one asked. Memory grows with what comes, up to what the
// share can have. Pure; owned by download.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

/// A source that sends nothing for this long is left out.
inline constexpr duration attributes_silence_max = std::chrono::seconds(2);
/// Parts of 16 KiB that one source is asked for at once: the lists of 100,000 files in one round trip.
inline constexpr std::uint32_t attributes_parts_asked_max = 64;

class attributes_fetch {
 public:
  struct request {
    source_id source;
    std::uint32_t part = 0;
    friend bool operator==(const request&, const request&) = default;
  };

  /// The list has `bytes_max` bytes at most, and parts of `part_bytes`, the last one less.
  attributes_fetch(std::uint32_t bytes_max, std::uint32_t part_bytes)
      : bytes_max_(bytes_max), part_bytes_(part_bytes) {}

  /// The source says that it has a list of so many bytes, 0: none.
  void on_source(source_id source, std::uint32_t bytes);
  void on_source_gone(source_id source);
  /// Any part of any size: what was not asked for is nonsense.
  void on_part(source_id source, std::uint32_t part, byte_view data, time_point now);
  void on_reject(source_id source) { leave_out(source); }
  void on_deadline(time_point now);
  /// What list() gave is no list of this share.
  void on_nonsense();

  /// What to ask for now.
  std::optional<request> next_request(time_point now);
  time_point next_deadline() const { return asked_ && !complete() ? deadline_ : never; }

  /// Somebody owes an answer.
  bool waiting() const { return asked_.has_value() && !complete(); }
  bool complete() const { return asked_ && list_.size() == bytes_; }
  /// The list. Only when complete().
  byte_view list() const { return list_; }

 private:
  void leave_out(source_id source);

  std::uint32_t bytes_max_;
  std::uint32_t part_bytes_;
  std::map<source_id, std::uint32_t> sources_;  ///< bytes of the list of each that was not left out
  std::set<source_id> left_out_;
  std::optional<source_id> asked_;
  std::uint32_t bytes_ = 0;  ///< of the list of who is asked
  std::uint32_t parts_asked_ = 0;
  byte_buffer list_;
  time_point deadline_ = never;
};

}  // namespace shoal
