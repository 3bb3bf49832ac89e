// Finds out who lied: asks for the leaf hashes of failed pieces (BEP 52 hash request), as transfer decides.
//
// A large piece takes several requests. The parts that came are kept for the source that is asked next. Owned by
// download, which outlives it with its transfer; on the network thread only.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "peer/sources/source.hpp"
#include "policy/transfer.hpp"

namespace shoal {

class leaf_queries {
 public:
  leaf_queries(metainfo_ptr info, transfer& decides) : info_(std::move(info)), transfer_(decides) {}

  /// Asks `whom`, whose number is `from`, for the leaves of the piece. Null: the source is gone.
  void ask(source_id from, source* whom, piece_index piece);
  /// False if the answer belongs to no question of ours. Bans a source that sends other hashes.
  bool on_hashes(source& from, const hash_range& range, std::span<const digest> hashes);
  void on_reject(source& from, const hash_range& range);

 private:
  struct query {
    hash_range range;
    std::uint32_t leaf_count = 0;
    std::vector<digest> leaves;  // proven so far, from the first leaf of the piece on
  };
  hash_range next_range(piece_index piece, const query& of) const;

  metainfo_ptr info_;
  transfer& transfer_;
  std::map<piece_index, query> queries_;
};

}  // namespace shoal
