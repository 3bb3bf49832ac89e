#include "policy/metadata_fetch.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/assert.hpp"
#include "policy/info_claims.hpp"
#include "policy/layer_collection.hpp"

namespace shoal {

struct metadata_fetch::state {
  explicit state(const share_id& id) : claims(id) {}

  metadata_source* find(source_id id) {
    const auto at = sources.find(id);
    return at == sources.end() ? nullptr : &at->second;
  }

  bool ended() const { return complete != nullptr || failure.has_value(); }
  void pass(time_point now) { latest = std::max(latest, now); }

  void give_back(source_id id, const request& what) {
    if (const auto* info = std::get_if<info_request>(&what)) {
      claims.on_given_back(id, info->piece);
    } else if (layers) {
      layers->on_given_back(id, std::get<hash_range>(what));
    }
  }

  void give_back(source_id id, const std::deque<request>& given_up) {
    for (const auto& what : given_up) give_back(id, what);
  }

  void ban(source_id id) {
    metadata_source* one = find(id);
    if (one == nullptr || one->banned()) return;
    give_back(id, one->on_banned());
    claims.on_source_lost(id);
    bans.push_back(id);
  }

  /// The source said a wrong size of the info dictionary.
  void distrust_size(source_id id, metadata_source& one) {
    give_back(id, one.give_up());
    claims.on_source_lost(id);
    one.info_bytes = 0;
  }

  void rejected(source_id id, const request& what, time_point now) {
    pass(now);
    metadata_source* one = find(id);
    if (one == nullptr || !one->on_answer(what, now)) return;
    give_back(id, what);
    one->on_reject(now);
  }

  /// Whether the source gets no more requests until it answers: others deliver what it might.
  bool waited_for(source_id id, const metadata_source& one, time_point now) const {
    return one.late(now) && (layers || !claims.alone(id));
  }

  std::optional<request> choose(source_id id, bool duplicate, time_point now) {
    if (layers) {
      if (const auto range = layers->next_range(id, duplicate, now)) return *range;
    } else if (const auto piece = claims.next_piece(id, duplicate, now)) {
      return info_request{*piece};
    }
    return std::nullopt;
  }

  void finish_info(byte_buffer info) {
    claims = info_claims(share);
    for (auto& [id, one] : sources) one.on_info_known();
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
  std::map<source_id, metadata_source> sources;
  info_claims claims;
  std::optional<layer_collection> layers;
  metainfo_ptr known;
  metainfo_ptr complete;
  std::optional<error> failure;
  std::deque<source_id> bans;
  time_point latest = time_point::min();  ///< of all that was said to have happened
};

metadata_fetch::metadata_fetch(const share_id& id) : state_(std::make_unique<state>(id)) {
  state_->share = id;
}

metadata_fetch::metadata_fetch(metainfo_ptr without_layers) : metadata_fetch(without_layers->id()) {
  state_->known = std::move(without_layers);
  state_->begin_layers();
}

metadata_fetch::~metadata_fetch() = default;

void metadata_fetch::on_source(source_id source, std::uint32_t info_bytes, time_point now) {
  state& s = *state_;
  s.pass(now);
  const std::uint32_t claimed = info_bytes <= info_bytes_max ? info_bytes : 0;
  const bool added = s.sources.try_emplace(source, claimed, now).second;
  SHOAL_ASSERT(added);
  if (claimed > 0 && !s.known && !s.ended()) s.claims.on_source(source, claimed);
}

void metadata_fetch::on_source_gone(source_id source, time_point now) {
  state& s = *state_;
  s.pass(now);
  auto* one = s.find(source);
  if (one == nullptr) return;
  s.give_back(source, one->give_up());
  s.claims.on_source_lost(source);
  s.sources.erase(source);
}

void metadata_fetch::on_info_piece(source_id source, std::uint32_t piece, std::uint32_t total_bytes, byte_view data,
                                   time_point now) {
  state& s = *state_;
  s.pass(now);
  auto* one = s.find(source);
  if (one == nullptr || !one->on_answer(info_request{piece}, now)) return;
  if (one->info_bytes == 0 || one->banned() || s.known || s.ended()) return;
  const auto answer =
      total_bytes == one->info_bytes ? s.claims.on_piece(source, piece, data, now) : info_claims::answer::wrong_size;
  if (answer == info_claims::answer::wrong_size) {
    s.give_back(source, info_request{piece});
    s.distrust_size(source, *one);
    return;
  }
  if (answer == info_claims::answer::kept) one->on_useful();
  while (const auto liar = s.claims.next_liar()) s.ban(*liar);
  if (auto& info = s.claims.found()) s.finish_info(std::move(*info));
}

void metadata_fetch::on_info_reject(source_id source, std::uint32_t piece, time_point now) {
  state_->rejected(source, info_request{piece}, now);
}

void metadata_fetch::on_hashes(source_id source, const hash_range& range, std::span<const digest> hashes,
                               time_point now) {
  state& s = *state_;
  s.pass(now);
  auto* one = s.find(source);
  if (one == nullptr || !one->on_answer(range, now) || !s.layers || one->banned()) return;
  const auto answer = s.layers->on_hashes(range, hashes);
  if (answer == layer_collection::answer::wrong) {
    s.layers->on_given_back(source, range);
    s.ban(source);
    return;
  }
  if (answer == layer_collection::answer::kept) one->on_useful();
  s.finish_layers();
}

void metadata_fetch::on_hash_reject(source_id source, const hash_range& range, time_point now) {
  state_->rejected(source, range, now);
}

void metadata_fetch::on_deadline(time_point now) {
  state& s = *state_;
  s.pass(now);
  for (auto& [id, one] : s.sources) {
    one.on_deadline(now);
    if (one.deadline() <= now) s.give_back(id, one.on_silence(now));
  }
}

std::optional<metadata_fetch::request> metadata_fetch::next_request(source_id source, time_point now) {
  state& s = *state_;
  s.pass(now);
  auto* one = s.find(source);
  if (one == nullptr || s.ended() || !one->can_be_asked(now) || s.waited_for(source, *one, now)) return std::nullopt;
  auto what = s.choose(source, one->may_duplicate(), now);
  // The source may still owe the part from before it was lost or went to another source. It is not asked twice.
  while (what && one->waits_for(*what)) what = s.choose(source, one->may_duplicate(), now);
  if (what) one->on_asked(*what, now);
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
  const state& s = *state_;
  time_point next = never;
  if (s.ended()) return next;
  // next_request() has already said what was possible at the last event.
  const auto consider = [&](time_point time) {
    if (time > s.latest) next = std::min(next, time);
  };
  for (const auto& [id, one] : s.sources) {
    next = std::min(next, one.deadline());
    consider(one.pause_end());
    if (!one.can_be_asked(s.latest) || s.waited_for(id, one, s.latest)) continue;
    consider(s.layers ? s.layers->next_time(id, one.may_duplicate()) : s.claims.next_time(id, one.may_duplicate()));
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
std::uint64_t metadata_fetch::held_bytes() const {
  return state_->claims.held_bytes();
}

void metadata_fetch::check_invariants() const {
  const state& s = *state_;
  SHOAL_ASSERT(!(s.complete && s.failure));
  SHOAL_ASSERT(!s.complete || s.known);
  SHOAL_ASSERT(!s.known || s.claims.held_bytes() == 0);
  s.claims.check_invariants();
  if (s.layers) s.layers->check_invariants();
  for (const auto& [id, one] : s.sources) one.check_invariants();
  // Each source that is waited for was asked, and has a deadline.
  const auto check_asked = [&](source_id id, const request& what) {
    const auto at = s.sources.find(id);
    SHOAL_ASSERT(at != s.sources.end() && at->second.waits_for(what) && at->second.deadline() != never);
  };
  for (const auto& [id, one] : s.sources) {
    const task_spread* const tasks = s.claims.tasks(id);
    if (tasks == nullptr) continue;
    for (const auto& [piece, askers] : tasks->outstanding()) {
      for (const auto& asker : askers) check_asked(asker.source, info_request{piece});
    }
  }
  if (!s.layers) return;
  for (const auto& [task, askers] : s.layers->tasks().outstanding()) {
    for (const auto& asker : askers) check_asked(asker.source, s.layers->range(task));
  }
}

}  // namespace shoal
