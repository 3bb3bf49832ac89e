// Decides which source a download asks for the list of file attributes (content/file_attributes), in parts like those
// of BEP 9.
//
// The download asks one source at a time. The list is short, and only the end of the download waits for it. A source
// that refuses, is silent or sends nonsense is left out, and the next source is asked. Memory grows with what comes, up
// to what the share can have. Pure; owned by download.
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
/// Parts of 16 KiB that one source is asked for at once. So the lists of 100,000 files take one round trip.
inline constexpr std::uint32_t attributes_parts_asked_max = 64;

class attributes_fetch {
 public:
  struct request {
    source_id source;
    std::uint32_t part = 0;
    friend bool operator==(const request&, const request&) = default;
  };

  /// The list has at most `bytes_max` bytes. Each part has `part_bytes`, the last part fewer.
  attributes_fetch(std::uint32_t bytes_max, std::uint32_t part_bytes)
      : bytes_max_(bytes_max), part_bytes_(part_bytes) {}

  /// The source says that it has a list of so many bytes. 0: it has none.
  void on_source(source_id source, std::uint32_t bytes);
  void on_source_gone(source_id source);
  /// Takes any part of any size. A part that was not asked for is nonsense.
  void on_part(source_id source, std::uint32_t part, byte_view data, time_point now);
  void on_reject(source_id source) { leave_out(source); }
  void on_deadline(time_point now);
  /// The caller found that list() is no list of this share.
  void on_nonsense();

  /// What to ask for now, and of whom.
  std::optional<request> next_request(time_point now);
  time_point next_deadline() const { return asked_ && !complete() ? deadline_ : never; }

  /// A source owes an answer.
  bool waiting() const { return asked_.has_value() && !complete(); }
  bool complete() const { return asked_ && list_.size() == bytes_; }
  /// The list. Only when complete().
  byte_view list() const { return list_; }

 private:
  void leave_out(source_id source);

  std::uint32_t bytes_max_;
  std::uint32_t part_bytes_;
  std::map<source_id, std::uint32_t> sources_;  ///< list size of each source that was not left out
  std::set<source_id> left_out_;
  std::optional<source_id> asked_;
  std::uint32_t bytes_ = 0;  ///< list size of the source that is asked
  std::uint32_t parts_asked_ = 0;
  byte_buffer list_;
  time_point deadline_ = never;
};

}  // namespace shoal
