// registry: what a share is called and how large it is, where its holders differ about that.
//
// An id determines both, so some of them are wrong, and the tracker does not know who. It counts addresses, so that
// nobody counts twice by joining twice. Who holds something of the share counts before who holds nothing, then who
// holds all of it, then who can be connected to: only such a holder is of use. What the row says stays if nothing is
// better.

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

void registry::count(share_state& share, const holder& one, bool add) {
  if (bytes_of(share, one) != share.row.bytes) return;
  std::uint32_t& kind = one.have >= share.row.bytes ? share.row.seeders : share.row.leechers;
  if (add) {
    ++kind;
    share.row.held += one.have;
  } else {
    --kind;
    share.row.held -= one.have;
  }
}

void registry::recount(share_state& share) {
  share.row.seeders = 0;
  share.row.leechers = 0;
  share.row.held = 0;
  for (const auto& [session, one] : share.holders) count(share, one, true);
}

void registry::describe(share_state& share, const claim& as) {
  tracking::share_row& row = share.row;
  if (row.name == as.name && row.bytes == as.bytes && row.files == as.files) return;
  row.name = as.name;
  row.bytes = as.bytes;
  row.files = as.files;
  share.published_anew = true;
}

void registry::set_claim(share_state& share, holder& one, const tracking::share_offer& offer) {
  const tracking::share_row& row = share.row;
  const claim* differs = nullptr;
  if (offer.name != row.name || offer.bytes != row.bytes || offer.files != row.files) {
    const auto said = share.others.try_emplace({offer.name, offer.bytes, offer.files}, 0).first;
    ++said->second;
    differs = &said->first;
  }
  drop_claim(share, one);
  one.differs = differs;
}

void registry::drop_claim(share_state& share, const holder& one) {
  if (one.differs == nullptr) return;
  const auto said = share.others.find(*one.differs);
  if (--said->second == 0) share.others.erase(said);
}

void registry::decide_contested() {
  std::size_t asked = 0;
  while (!contested_.empty() && asked < asked_per_batch_max) {
    const share_id id = contested_.extract(contested_.begin()).value();
    const auto found = shares_.find(id);
    if (found == shares_.end()) continue;
    asked += found->second.holders.size();
    if (decide(found->second)) shares_changed_.insert(id);
  }
}

std::map<const registry::claim*, registry::support> registry::supports(const share_state& share) const {
  std::map<const claim*, support> all;
  for (const auto& [session, one] : share.holders) {
    const session_state& state = sessions_.at(session);
    support& mine = all[one.differs];
    const bool complete = one.have >= bytes_of(share, one);
    if (one.have == 0 && !complete) continue;
    mine.something.insert(state.at->first);
    if (complete) mine.everything.insert(state.at->first);
    if (handed_out(state)) mine.reachable.insert(state.at->first);
  }
  return all;
}

bool registry::outranks_row(const share_state& share, const claim& said) const {
  const auto known = share.others.find(said);
  if (known == share.others.end()) return false;
  const auto all = supports(share);
  const auto theirs = all.find(&known->first);
  const auto ours = all.find(nullptr);
  return theirs != all.end() && (ours == all.end() || theirs->second.rank() > ours->second.rank());
}

bool registry::decide(share_state& share) {
  if (share.holders.empty() || share.others.empty()) return false;
  auto all = supports(share);
  // A right signature is one for the name of the row.
  if (share.row.publication.is_signed()) {
    std::erase_if(all, [&share](const auto& one) { return one.first != nullptr && one.first->name != share.row.name; });
    if (all.empty()) return false;
  }
  const auto row_says = all.find(nullptr);
  const claim* best = row_says == all.end() ? all.begin()->first : nullptr;
  for (const auto& [said, mine] : all) {
    if (mine.rank() > all.at(best).rank()) best = said;
  }
  return best != nullptr && adopt(share, claim(*best));
}

bool registry::adopt(share_state& share, const claim& chosen) {
  // A longer name must not make the list longer than it may be.
  const std::size_t grows = 2 * (chosen.name.size() - std::min(chosen.name.size(), share.row.name.size()));
  if (bytes_ + grows > limits_.bytes_max) return false;
  const auto before = share.others.try_emplace({share.row.name, share.row.bytes, share.row.files}, 0).first;
  for (auto& [session, one] : share.holders) {
    if (one.differs == nullptr) {
      one.differs = &before->first;
      ++before->second;
    } else if (*one.differs == chosen) {
      one.differs = nullptr;
    }
  }
  share.others.erase(chosen);
  if (before->second == 0) share.others.erase(before);
  // A signature that is not known to be right was claimed of the name before.
  if (chosen.name != share.row.name) share.row.publication = tellable(share.row.publication);
  describe(share, chosen);
  charge(share, share.payer);
  recount(share);
  return true;
}

}  // namespace shoal
