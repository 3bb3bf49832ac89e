// The piece layers of a share under collection: which hash requests are left, and the hashes that were proven
// (BEP 52). Pure; owned by metadata_fetch.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "core/ids.hpp"

namespace shoal {

class layer_collection {
 public:
  explicit layer_collection(metainfo_ptr info);

  /// The next request, which is then under way until on_given_back or on_hashes.
  std::optional<hash_range> next_range();
  void on_given_back(const hash_range& range);
  enum class answer { kept, not_needed, wrong };
  answer on_hashes(const hash_range& range, std::span<const digest> hashes);

  bool complete() const { return missing_ == 0; }
  /// One layer per file, as metainfo::with_layers takes them.
  std::vector<std::vector<digest>> take() { return std::move(layers_); }

  void check_invariants() const;

 private:
  struct task {
    hash_range range;
    file_index file;
    bool done = false;
    bool given_back = false;
  };

  task* find(const hash_range& range);

  metainfo_ptr info_;
  std::vector<task> tasks_;  ///< by root and index, so that an answer is found by what it says of itself
  std::size_t next_ = 0;     ///< tasks from here on were never given out
  std::deque<std::size_t> given_back_;
  std::size_t missing_ = 0;
  std::vector<std::vector<digest>> layers_;
};

}  // namespace shoal
