// Which sources to ask for the leaf hashes of failed pieces, which tell who lied. One source after the other is asked,
// at most leaf_sources_max.
//
// If a source does not answer soon, the next one is asked, and a late answer still counts. Pure; the part of
// transfer that finds liars.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace shoal {

/// If a source does not answer within this time, the next source is asked, too.
inline constexpr duration leaf_answer_max = std::chrono::seconds(1);
/// Sources asked for the leaves of one piece before it is fetched again blindly.
inline constexpr std::size_t leaf_sources_max = 4;

class leaf_inquiry {
 public:
  /// A source must be found for the piece.
  void on_failed(piece_index piece);
  /// The source is asked from now on.
  void on_asked(piece_index piece, source_id source, time_point now);
  /// The source gave a part of the leaves and is asked for more. It is now the source that is waited for.
  void on_part(piece_index piece, source_id source, time_point now);
  /// The source will not answer. Counts only for the source that is waited for: otherwise a liar could have the
  /// question withdrawn.
  void on_refused(piece_index piece, source_id source);
  void on_source_gone(source_id source);
  /// The leaves are known, or no source gives them.
  void on_closed(piece_index piece) { open_.erase(piece); }
  void on_deadline(time_point now);
  time_point next_deadline() const;

  /// A piece for which the next source is to be asked. Each is returned once.
  std::optional<piece_index> next_piece();
  /// The source was not asked for this piece yet, and one more source may be.
  bool may_ask(piece_index piece, source_id source) const;
  bool asked(piece_index piece, source_id source) const;

 private:
  struct question {
    std::vector<source_id> asked;  ///< the last one is waited for
    time_point deadline = never;
  };
  /// The question whose answer by this source is waited for, or null.
  question* waits_for(piece_index piece, source_id source);
  void ask_next(piece_index piece, question& open);

  std::map<piece_index, question> open_;
  std::deque<piece_index> unasked_;
};

}  // namespace shoal
