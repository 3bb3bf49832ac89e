// registry: who published a share, and the signatures that peers claim for that.

#include "directory/registry.hpp"

namespace shoal {

namespace {

publication unchecked(publication claim) {
  if (claim.of_signature != standing::none) claim.of_signature = standing::unchecked;
  return claim;
}

}  // namespace

void registry::on_publication(share_state& share, const claim& said, const publication& published) {
  const bool same_name = share.row.name == said.name;
  // Peers check a signature as one of the row's name.
  if (!same_name && !published.is_signed() && published.of_signature != standing::none) return;
  publication& now = share.row.publication;
  // What the row says already: a verdict counts once, and a copy of the claim takes no verdict back.
  const bool same = same_name && unchecked(now) == unchecked(published);
  if (same && now.of_signature != standing::unchecked) return;
  const publication best = same ? published : merged(now, published);
  if (best == now) return;
  // Anybody can sign. So a signature alone gives a share no other name than its holders do.
  if (best.is_signed() && !same_name && !(outranks_row(share, said) && adopt(share, said))) return;
  now = best;
  share.published_anew = true;
  shares_changed_.insert(share.row.id);
}

void registry::have_checked(tracker_session_id session, const tracking::share_offer& offer, time_point now) {
  const tracking::share_row& row = shares_.at(offer.id).row;
  const bool known = row.publication.of_signature != standing::unchecked && row.name == offer.name &&
                     unchecked(row.publication) == offer.publication;
  if (known) return;
  const std::string& origin = sessions_.at(session).at->first;
  claims_.on_claim(session, origin, {offer.id, {offer.name, offer.bytes, offer.files}, offer.publication}, now);
}

void registry::take_verdicts(time_point now) {
  if (!claims_.waits() || now < verdicts_at_) return;
  verdicts_at_ = now + verdicts_interval;
  for (const signature_claims::claim& one : claims_.next_checked(now)) {
    const auto share = shares_.find(one.id);
    if (share == shares_.end() || share->second.holders.empty()) continue;
    on_publication(share->second, {one.share.name, one.share.bytes, one.share.files}, one.what);
  }
}

}  // namespace shoal
