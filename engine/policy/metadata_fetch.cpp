#include "policy/metadata_fetch.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "core/sha256.hpp"
#include "policy/info_assembly.hpp"
#include "policy/layer_collection.hpp"

namespace shoal {

namespace {

/// Sizes of info dictionaries that are collected at once: sources that lie about the size cannot make us
/// collect one dictionary each.
constexpr std::size_t assemblies_max = 4;
/// Requests given up that a source may still answer; older ones are forgotten.
constexpr std::size_t late_max = 64;

}  // namespace

struct metadata_fetch::state {
  struct asked_request {
    request what;
    time_point sent;
  };
  struct source {
    std::uint32_t info_bytes = 0;
    time_point heard;
    std::vector<asked_request> asked;
    std::deque<request> late;          ///< given up, may still be answered
    std::optional<time_point> resume;  ///< not asked for anything before this
    bool stalled = false;
    bool banned = false;
  };

  source* find(source_id id) {
    const auto at = sources.find(id);
    return at == sources.end() ? nullptr : &at->second;
  }

  static bool can_be_asked(const source& one) { return !one.stalled && !one.banned && !one.resume; }

  static time_point deadline(const source& one) {
    return one.asked.empty() ? never : std::max(one.heard, one.asked.front().sent) + metadata_deadline;
  }

  bool ended() const { return complete != nullptr || failure.has_value(); }

  void give_back(const request& what, const source& from) {
    if (const auto* info = std::get_if<info_request>(&what)) {
      if (const auto at = assemblies.find(from.info_bytes); at != assemblies.end())
        at->second.on_given_back(info->piece);
    } else if (layers) {
      layers->on_given_back(std::get<hash_range>(what));
    }
  }

  /// Others get what this source was asked for.
  void give_up(source_id id, source& one) {
    for (const auto& asked : one.asked) {
      give_back(asked.what, one);
      if (one.late.size() == late_max) one.late.pop_front();
      one.late.push_back(asked.what);
    }
    one.asked.clear();
    if (const auto at = assemblies.find(one.info_bytes); at != assemblies.end()) at->second.on_source_lost(id);
  }

  void ban(source_id id) {
    source* one = find(id);
    if (one == nullptr || one->banned) return;
    one->banned = true;
    give_up(id, *one);
    bans.push_back(id);
  }

  /// The source answered: takes the request off its list. False if it was never asked.
  bool settle(source& one, const request& what, time_point now) {
    const auto asked =
        std::find_if(one.asked.begin(), one.asked.end(), [&](const asked_request& row) { return row.what == what; });
    if (asked != one.asked.end()) {
      one.asked.erase(asked);
    } else if (const auto late = std::find(one.late.begin(), one.late.end(), what); late != one.late.end()) {
      one.late.erase(late);
    } else {
      return false;
    }
    one.heard = now;
    one.stalled = false;
    return true;
  }

  void rejected(source_id id, const request& what, time_point now) {
    source* one = find(id);
    if (one == nullptr || !settle(*one, what, now)) return;
    give_back(what, *one);
    if (const auto at = assemblies.find(one->info_bytes); at != assemblies.end()) at->second.on_source_lost(id);
    one->resume = now + metadata_deadline;
  }

  /// What the source said about the size of the info dictionary is not true.
  void distrust_size(source_id id, source& one) {
    const std::uint32_t claimed = one.info_bytes;
    give_up(id, one);
    one.info_bytes = 0;
    forget_if_unclaimed(claimed);
  }

  void forget_if_unclaimed(std::uint32_t info_bytes) {
    const bool claimed =
        std::ranges::any_of(sources, [&](const auto& row) { return row.second.info_bytes == info_bytes; });
    if (!claimed) assemblies.erase(info_bytes);
  }

  /// The collection of the dictionary that this source offers; null if too many others are collected.
  info_assembly* assembly(const source& one) {
    if (one.info_bytes == 0) return nullptr;
    if (const auto at = assemblies.find(one.info_bytes); at != assemblies.end()) return &at->second;
    std::set<std::uint32_t> active;
    for (const auto& [id, other] : sources) {
      if (can_be_asked(other) && assemblies.contains(other.info_bytes)) active.insert(other.info_bytes);
    }
    if (active.size() >= assemblies_max) return nullptr;
    return &assemblies.try_emplace(one.info_bytes, one.info_bytes).first->second;
  }

  void collected(info_assembly& assembly_done) {
    const byte_buffer info = assembly_done.join();
    if (sha256(info).bytes != share.bytes) {
      if (const auto liar = assembly_done.on_wrong()) ban(*liar);
      return;
    }
    assemblies.clear();
    for (auto& [source_of, one] : sources) {
      one.asked.clear();
      one.late.clear();
      one.stalled = false;
    }
    auto read = metainfo::from_info(info);
    if (!read) {
      failure = read.error();
      return;
    }
    known = *read;
    begin_layers();
  }

  void begin_layers() {
    if (known->has_layers()) {
      complete = known;
      return;
    }
    layers.emplace(known);
    finish_layers();
  }

  void finish_layers() {
    if (!layers->complete()) return;
    auto whole = known->with_layers(layers->take());
    if (whole) {
      complete = *whole;
    } else {
      failure = whole.error();
    }
    layers.reset();
  }

  share_id share;
  std::map<source_id, source> sources;
  std::map<std::uint32_t, info_assembly> assemblies;  ///< by claimed size
  std::optional<layer_collection> layers;
  metainfo_ptr known;
  metainfo_ptr complete;
  std::optional<error> failure;
  std::deque<source_id> bans;
};

metadata_fetch::metadata_fetch(const share_id& id) : state_(std::make_unique<state>()) {
  state_->share = id;
}

metadata_fetch::metadata_fetch(metainfo_ptr without_layers) : state_(std::make_unique<state>()) {
  state_->share = without_layers->id();
  state_->known = std::move(without_layers);
  state_->begin_layers();
}

metadata_fetch::~metadata_fetch() = default;

void metadata_fetch::on_source(source_id source, std::uint32_t info_bytes, time_point now) {
  state::source made;
  made.info_bytes = info_bytes <= info_bytes_max ? info_bytes : 0;
  made.heard = now;
  const bool added = state_->sources.try_emplace(source, std::move(made)).second;
  SHOAL_ASSERT(added);
}

void metadata_fetch::on_source_gone(source_id source, time_point) {
  state& s = *state_;
  auto* one = s.find(source);
  if (one == nullptr) return;
  const std::uint32_t claimed = one->info_bytes;
  s.give_up(source, *one);
  s.sources.erase(source);
  s.forget_if_unclaimed(claimed);
}

void metadata_fetch::on_info_piece(source_id source, std::uint32_t piece, std::uint32_t total_bytes, byte_view data,
                                   time_point now) {
  state& s = *state_;
  auto* one = s.find(source);
  const request what = info_request{piece};
  if (one == nullptr || !s.settle(*one, what, now) || s.known || s.ended() || one->banned) return;
  const auto at = s.assemblies.find(one->info_bytes);
  if (at == s.assemblies.end()) return;
  if (total_bytes != one->info_bytes || !at->second.on_piece(source, piece, data)) {
    s.give_back(what, *one);
    s.distrust_size(source, *one);
    return;
  }
  if (at->second.complete()) s.collected(at->second);
}

void metadata_fetch::on_info_reject(source_id source, std::uint32_t piece, time_point now) {
  state_->rejected(source, info_request{piece}, now);
}

void metadata_fetch::on_hashes(source_id source, const hash_range& range, std::span<const digest> hashes,
                               time_point now) {
  state& s = *state_;
  auto* one = s.find(source);
  if (one == nullptr || !s.settle(*one, range, now) || !s.layers || one->banned) return;
  if (s.layers->on_hashes(range, hashes) == layer_collection::answer::wrong) {
    s.layers->on_given_back(range);
    s.ban(source);
    return;
  }
  s.finish_layers();
}

void metadata_fetch::on_hash_reject(source_id source, const hash_range& range, time_point now) {
  state_->rejected(source, range, now);
}

void metadata_fetch::on_deadline(time_point now) {
  for (auto& [id, one] : state_->sources) {
    if (one.resume && *one.resume <= now) one.resume.reset();
    if (state::deadline(one) > now) continue;
    one.stalled = true;
    state_->give_up(id, one);
  }
}

std::optional<metadata_fetch::request> metadata_fetch::next_request(source_id source, time_point now) {
  state& s = *state_;
  auto* one = s.find(source);
  if (one == nullptr || s.ended()) return std::nullopt;
  if (one->resume && *one->resume <= now) one->resume.reset();
  if (!state::can_be_asked(*one) || one->asked.size() >= metadata_requests_max) return std::nullopt;
  std::optional<request> what;
  if (s.layers) {
    if (const auto range = s.layers->next_range()) what = *range;
  } else if (auto* assembly = s.assembly(*one)) {
    if (const auto piece = assembly->next_piece(source)) what = info_request{*piece};
  }
  if (what) one->asked.push_back({*what, now});
  return what;
}

std::optional<source_id> metadata_fetch::next_ban() {
  auto& bans = state_->bans;
  if (bans.empty()) return std::nullopt;
  const source_id source = bans.front();
  bans.pop_front();
  return source;
}

time_point metadata_fetch::next_deadline() const {
  time_point next = never;
  if (state_->ended()) return next;
  for (const auto& [id, one] : state_->sources) {
    next = std::min(next, state::deadline(one));
    if (one.resume) next = std::min(next, *one.resume);
  }
  return next;
}

const metainfo_ptr& metadata_fetch::known() const {
  return state_->known;
}
const metainfo_ptr& metadata_fetch::complete() const {
  return state_->complete;
}
const std::optional<error>& metadata_fetch::failure() const {
  return state_->failure;
}

void metadata_fetch::check_invariants() const {
  const state& s = *state_;
  SHOAL_ASSERT(!(s.complete && s.failure));
  SHOAL_ASSERT(!s.complete || s.known);
  SHOAL_ASSERT(!s.known || s.assemblies.empty());
  for (const auto& [bytes, assembly] : s.assemblies) {
    SHOAL_ASSERT(bytes > 0 && bytes <= info_bytes_max);
    assembly.check_invariants();
  }
  if (s.layers) s.layers->check_invariants();
  for (const auto& [id, one] : s.sources) {
    SHOAL_ASSERT(one.asked.size() <= metadata_requests_max && one.late.size() <= late_max);
    SHOAL_ASSERT(one.asked.empty() || (!one.stalled && !one.banned));
  }
}

}  // namespace shoal
