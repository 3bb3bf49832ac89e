// The piece layers of a share under collection: which hash requests are left, and which hashes were proven (BEP 52).
//
// Files of equal content have equal layers, and these are asked for once. Pure; owned by metadata_fetch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/task_spread.hpp"

namespace shoal {

class layer_collection {
 public:
  explicit layer_collection(metainfo_ptr info);

  /// The next request for the source, as task_spread::next.
  std::optional<hash_range> next_range(source_id source, bool duplicate, time_point now);
  /// As task_spread::next_time.
  time_point next_time(source_id source, bool duplicate) const { return spread_.next_time(source, duplicate); }
  void on_given_back(source_id source, const hash_range& range);
  enum class answer { kept, not_needed, wrong };
  answer on_hashes(const hash_range& range, std::span<const digest> hashes);

  bool complete() const { return spread_.complete(); }
  /// One layer per file, as metainfo::with_layers takes them.
  std::vector<std::vector<digest>> take() { return std::move(layers_); }

  const task_spread& tasks() const { return spread_; }
  const hash_range& range(std::uint32_t task) const { return tasks_[task].range; }

  void check_invariants() const;

 private:
  struct task {
    hash_range range;
    std::vector<file_index> files;
  };

  static std::vector<task> tasks_of(const metainfo& info);
  std::optional<std::uint32_t> find(const hash_range& range) const;

  metainfo_ptr info_;
  std::vector<task> tasks_;  ///< sorted by range: an answer is found by the range that it names
  task_spread spread_;       ///< by index of tasks_
  std::vector<std::vector<digest>> layers_;
};

}  // namespace shoal
