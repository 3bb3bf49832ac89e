// Sources of metadata of all kinds around one metadata_fetch, in virtual time: says when it knows the share, whom it
// bans and how much it was sent. After each step it looks whether somebody waits who could be asked.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <vector>

#include "policy/info_claims.hpp"
#include "policy/metadata_fetch.hpp"
#include "unit/policy/support/fake_share.hpp"

namespace shoal::fake {

enum class manner {
  honest,
  fussy,       ///< honest, but rejects when more than ten requests wait
  mute,        ///< never answers
  slow,        ///< one answer each 2.2 seconds
  rejecting,   ///< has none yet
  other_size,  ///< claims a size of its own, of 64 parts, and delivers that
  slow_size,   ///< claims a size of its own, of 32 MiB, and delivers a part each 2.2 seconds
  wrong,       ///< claims the right size and sends wrong bytes and hashes
  half_wrong,  ///< one part of the info dictionary is wrong
  misstating,  ///< answers with another size than it claimed
  vanishing,   ///< gone after its first answer
};

inline bool is_honest(manner how) {
  return how == manner::honest || how == manner::fussy;
}

/// 2,500 files, so that the info dictionary has 12 parts; a few of them have layers.
inline const share& share_of_many_files() {
  static const share made = [] {
    std::vector<std::uint64_t> sizes(2500, 20 * KiB);
    for (std::size_t i = 0; i < 20; ++i) sizes[i * 90] = 300 * KiB + i * 64 * KiB;
    sizes[500] = 70 * MiB;
    return make_share(64 * KiB, sizes);
  }();
  return made;
}

class metadata_crowd {
 public:
  struct member {
    manner how = manner::honest;
    duration round_trip{};
    std::uint32_t claimed = 0;
    time_point free_at;         ///< slow ones answer one after the other
    std::uint32_t waiting = 0;  ///< requests that are not answered
    time_point rejected_at{};
    bool present = true;
  };

  explicit metadata_crowd(const share& of) : content_(of), fetch(of.info->id()) {}

  source_id join(manner how, duration round_trip) {
    const source_id id{static_cast<std::uint32_t>(members.size())};
    member one{how, round_trip, static_cast<std::uint32_t>(info().size()), now};
    if (how == manner::other_size) one.claimed = 1 * MiB - 1 - id.value();
    if (how == manner::slow_size) one.claimed = 32 * MiB + id.value();
    members.push_back(one);
    fetch.on_source(id, one.claimed, now);
    fetch.check_invariants();
    if (pump_at_once) pump();
    return id;
  }

  void leave(source_id id) {
    if (!std::exchange(members[id.value()].present, false)) return;
    std::erase_if(answers_, [&](const auto& row) { return row.second.from == id; });
    fetch.on_source_gone(id, now);
    fetch.check_invariants();
  }

  /// Until the share is known or the time is over. True: it is known.
  bool run_until(time_point end) {
    pump();
    while (!fetch.complete() && !fetch.failure()) {
      const time_point deadline = fetch.next_deadline();
      REQUIRE(deadline > now);
      const time_point next = std::min(deadline, answers_.empty() ? never : answers_.begin()->first);
      if (next > end) {
        now = end;
        return false;
      }
      now = next;
      if (deadline <= now) {
        fetch.on_deadline(now);
        fetch.check_invariants();
      } else {
        const answer one = answers_.begin()->second;
        answers_.erase(answers_.begin());
        deliver(one);
      }
      pump();
    }
    return fetch.complete() != nullptr;
  }

  byte_view info() const { return content_.info->info(); }
  std::uint32_t parts() const { return static_cast<std::uint32_t>((info().size() - 1) / metadata_piece_bytes + 1); }

 private:
  struct answer {
    source_id from;
    metadata_fetch::request what;
    bool rejects = false;
  };
  const share& content_;
  std::multimap<time_point, answer> answers_;

 public:
  metadata_fetch fetch;
  time_point now{std::chrono::seconds(1)};
  std::deque<member> members;
  std::vector<source_id> banned;
  std::uint32_t parts_sent = 0;   ///< by all sources
  std::uint32_t layers_sent = 0;  ///< answers with hashes, by all sources
  bool pump_at_once = true;

 private:
  void pump() {
    while (const auto liar = fetch.next_ban()) {
      banned.push_back(*liar);
      leave(*liar);
    }
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      if (!members[i].present) continue;
      while (const auto what = fetch.next_request(source_id{i}, now)) ask(source_id{i}, *what);
    }
    fetch.check_invariants();
    check_nobody_idle();
  }

  // Something is missing, and each source may have it: who was not just told to wait is asked for something.
  void check_nobody_idle() {
    if (fetch.complete() || fetch.failure()) return;
    for (const auto& one : members) {
      const bool paused = one.rejected_at != time_point{} && now < one.rejected_at + metadata_pause_max;
      if (!one.present || paused || one.how == manner::misstating) continue;
      // A silent one owes what it was asked for until it answers.
      REQUIRE(one.waiting > 0);
    }
  }

  void ask(source_id id, const metadata_fetch::request& what) {
    member& one = members[id.value()];
    ++one.waiting;
    const bool rejects = one.how == manner::rejecting || (one.how == manner::fussy && one.waiting > 10);
    time_point at = now + one.round_trip;
    if (one.how == manner::mute) return;
    if (one.how == manner::slow || one.how == manner::slow_size) {
      at = one.free_at = std::max(now, one.free_at) + std::chrono::milliseconds(2200);
    }
    answers_.emplace(at, answer{id, what, rejects});
  }

  void deliver(const answer& one) {
    member& from = members[one.from.value()];
    --from.waiting;
    if (one.rejects) from.rejected_at = now;
    if (const auto* piece = std::get_if<metadata_fetch::info_request>(&one.what)) {
      if (one.rejects) {
        fetch.on_info_reject(one.from, piece->piece, now);
      } else {
        ++parts_sent;
        deliver_part(one.from, from, piece->piece);
      }
    } else if (const auto& range = std::get<hash_range>(one.what); one.rejects) {
      fetch.on_hash_reject(one.from, range, now);
    } else {
      ++layers_sent;
      auto values = hashes(range);
      if (from.how == manner::wrong) values[0].bytes[0] ^= 1;
      fetch.on_hashes(one.from, range, values, now);
    }
    fetch.check_invariants();
    CHECK(fetch.held_bytes() <= claims_bytes_max);
    if (from.how == manner::vanishing) leave(one.from);
  }

  void deliver_part(source_id id, const member& from, std::uint32_t piece) {
    const std::size_t begin = std::size_t{piece} * metadata_piece_bytes;
    byte_buffer data(std::min<std::size_t>(metadata_piece_bytes, from.claimed - begin));
    if (from.claimed == info().size())
      std::copy_n(info().begin() + static_cast<long>(begin), data.size(), data.begin());
    if (from.how == manner::wrong || (from.how == manner::half_wrong && piece == parts() / 2)) data[0] ^= 1;
    const std::uint32_t total = from.how == manner::misstating ? from.claimed + 1 : from.claimed;
    fetch.on_info_piece(id, piece, total, data, now);
  }

  std::vector<digest> hashes(const hash_range& range) const {
    for (std::uint32_t i = 0; i < content_.info->files().size(); ++i) {
      if (content_.info->files()[i].root != range.root) continue;
      const auto values = merkle_answer(content_.info->layer(file_index{i}), range.base_height, range);
      REQUIRE(values.has_value());
      return *values;
    }
    FAIL("hashes of a file that the share does not have");
    return {};
  }
};

}  // namespace shoal::fake
