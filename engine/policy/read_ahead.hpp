// Which pieces of a download somebody waits for, or will read next, in the order in which they are to be fetched.
//
// A reader reads pieces one after the other. What it waits for comes first. Behind that comes what it will read within
// read_ahead_time at the rate at which it reads. Origins take turns, piece by piece, and so do the readers of one
// origin: a crowd of readers at one address keeps nobody else from being served first. Pure; owned by
// peer/share/content_readers.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include "core/address_group.hpp"
#include "core/bitmap.hpp"
#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

inline constexpr duration read_ahead_time = std::chrono::seconds(10);
/// Read ahead of a reader whose rate is not known, or is small.
inline constexpr std::uint64_t read_ahead_bytes_min = 4 * MiB;

class read_ahead {
  struct place {
    piece_index at;
    piece_index last;
    time_point since;
    std::uint64_t bytes = 0;  ///< read since then
  };

 public:
  /// A reader; it ends with on_gone().
  struct reader {
    address_group origin;
    std::list<place>::iterator at;
  };

  /// `piece_bytes`: of a whole piece. `count_max`: urgent() names no more.
  read_ahead(std::uint32_t piece_bytes, std::size_t count_max) : piece_bytes_(piece_bytes), count_max_(count_max) {}

  /// Somebody reads from the piece `first` up to `last`, which belongs to it.
  reader on_reader(const address_group& origin, piece_index first, piece_index last, time_point now);
  /// The reader took so many bytes, and goes on with `at`.
  void on_read(reader& who, piece_index at, std::uint64_t bytes, time_point now);
  void on_gone(reader& who);
  bool empty() const { return origins_.empty(); }

  /// No piece twice, and none of `verified`. The next call begins with another reader of each origin.
  std::vector<piece_index> urgent(const bitmap& verified, time_point now);

 private:
  /// One past the last piece of the reader that is urgent.
  std::uint32_t end(const place& one, time_point now) const;

  std::uint32_t piece_bytes_;
  std::size_t count_max_;
  std::map<address_group, std::list<place>> origins_;  ///< none empty
};

}  // namespace shoal
