// Memory that messages take beyond a little of each session: those that are not complete or wait for credit, and pieces
// that are named before the shape of a share is known.
//
// A bitfield of a large share is longer than a session's buffer. A sender that never ends it must not take memory from
// all. Nor must a crowd of one origin, or those that name their pieces before anybody knows how many there are. One for
// the process; frame readers and remote_peer ask it. Pure.
#pragma once

#include <cstddef>
#include <map>

#include "core/address_group.hpp"

namespace shoal::wire {

class frame_memory {
 public:
  /// Of all sessions: room for 62 of the longest bitfields at once.
  static constexpr std::size_t bytes_max = 32 * 1024 * 1024;
  /// Of all sessions of one origin: room for three of them.
  static constexpr std::size_t origin_bytes_max = 2 * 1024 * 1024;
  /// What a session holds beside it: the longest hashes (BEP 52) and a part of metadata (BEP 9) fit. So a crowd that
  /// takes all of the memory does not keep others from talking.
  static constexpr std::size_t free_bytes = 20 * 1024;

  explicit frame_memory(std::size_t bytes = bytes_max, std::size_t of_one_origin = origin_bytes_max)
      : left_(bytes), of_one_origin_(of_one_origin) {}

  /// False if too much is taken already, by all or by this origin.
  [[nodiscard]] bool take(const address_group& origin, std::size_t bytes);
  /// `bytes` were taken for this origin.
  void give_back(const address_group& origin, std::size_t bytes);
  std::size_t left() const { return left_; }

 private:
  std::size_t left_;
  std::size_t of_one_origin_;
  std::map<address_group, std::size_t> taken_;  ///< no zero
};

/// What one owner has taken of it, and gives back at its end.
class taken_memory {
 public:
  /// `from` outlives this. Null: nobody bounds it.
  taken_memory(frame_memory* from, const address_group& origin) : from_(from), origin_(origin) {}
  ~taken_memory() { (void)resize(0); }
  taken_memory(const taken_memory&) = delete;
  taken_memory& operator=(const taken_memory&) = delete;

  /// In all. False: there is no room for more, and nothing has changed. Less always succeeds.
  [[nodiscard]] bool resize(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  frame_memory* from_;
  address_group origin_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::wire
