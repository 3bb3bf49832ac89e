#include "directory/name_choice.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "directory/catalogue.hpp"

namespace shoal {

namespace {

/// Digits of an id in a message for people.
constexpr std::size_t digits_shown = 12;

std::string short_id(const share_id& id) {
  return id.hex().substr(0, digits_shown);
}

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

std::string key_text(const publisher_key& key, const trust_list& trust) {
  const std::string* name = trust.name_of(key);
  return (name != nullptr ? *name + ", " : std::string()) + "key " + fingerprint(key);
}

std::string of_id(const tracking::share_row& row) {
  return " (id " + short_id(row.id) + ")";
}

error is_wrong(const tracking::share_row& row, const std::vector<tracking::share_row>& all) {
  const publication& claim = row.publication;
  const auto owner = std::ranges::find_if(all, [&claim](const tracking::share_row& other) {
    return other.publication.is_signed() && other.publication.signature == claim.signature;
  });
  std::string text = quoted(row.name) + of_id(row) + " is refused: its signature ";
  if (claim.of_signature == standing::unchecked) return {errc::timed_out, text + "is not checked yet; try again"};
  if (owner != all.end()) {
    text += "belongs to another id, " + short_id(owner->id);
  } else {
    text += "is wrong: the key " + fingerprint(claim.signer) + " did not sign this id, name and time";
  }
  return {errc::verification, text};
}

error is_untrusted(const tracking::share_row& row, const trust_list& trust, const known_publishers& known) {
  std::string text = quoted(row.name) + of_id(row) + " is refused: ";
  const auto before =
      std::ranges::find_if(known.of(row.name), [&trust](const seen_version& one) { return trust.trusts(one.signer); });
  const bool was_trusted = before != known.of(row.name).end();
  if (!row.publication.is_signed()) {
    text += "it is not signed";
    if (was_trusted) text += ", and before it was signed by " + key_text(before->signer, trust);
    return {errc::verification, text + "; only publishers of the trust list are taken"};
  }
  text += "it is signed by key " + fingerprint(row.publication.signer) + ", which is not in the trust list";
  if (was_trusted) text += "; the publisher key was replaced: before it was " + key_text(before->signer, trust);
  return {errc::verification, text};
}

// The row as it was seen to be signed, if that was by a publisher who counts. So nobody can take that away by signing
// the same share, or by claiming nonsense of it, in front of a tracker that has forgotten.
std::optional<tracking::share_row> as_seen(const tracking::share_row& row, const trust_list& trust,
                                           const known_publishers& known) {
  if (row.publication.is_signed() && (trust.empty() || trust.trusts(row.publication.signer))) return row;
  for (const seen_version& one : known.of(row.name)) {
    if (one.id != row.id || !(trust.empty() || trust.trusts(one.signer))) continue;
    tracking::share_row seen = row;
    seen.publication.signer = one.signer;
    seen.publication.ms = one.ms;
    seen.publication.of_signature = standing::right;
    return seen;
  }
  return std::nullopt;
}

// Nothing if the publisher may use the name, as far as this peer knows.
std::optional<error> is_not_known(const tracking::share_row& row, const trust_list& trust,
                                  const known_publishers& known) {
  const auto& before = known.of(row.name);
  const publication& claim = row.publication;
  const auto same_content = [&row](const seen_version& one) { return one.id == row.id; };
  if (before.empty() || std::ranges::any_of(before, same_content)) return std::nullopt;
  const std::string text = quoted(row.name) + of_id(row) + " is refused: ";
  const seen_version* own = claim.is_signed() ? known.find(row.name, claim.signer) : nullptr;
  if (own != nullptr && claim.ms < own->ms) {
    return error{errc::verification, text + "it is an older version, of " + time_text(claim) +
                                         ", and a newer one of the same publisher was seen, of " +
                                         time_text({{}, own->ms}) + " (id " + short_id(own->id) +
                                         "); to go back, give the id " + short_id(row.id)};
  }
  // Who is in the list was put there by the user.
  if (own != nullptr || !trust.empty()) return std::nullopt;
  const std::string former = key_text(before.front().signer, trust);
  if (!claim.is_signed()) {
    return error{errc::verification, text + "it is not signed, and before it was signed by " + former +
                                         "; if that is right, give the id " + short_id(row.id)};
  }
  return error{errc::verification, text + "the publisher key was replaced: it is signed by key " +
                                       fingerprint(claim.signer) + ", and before it was " + former +
                                       "; if that is right, give the id " + short_id(row.id)};
}

}  // namespace

name_choice choose(std::string_view name, std::vector<tracking::share_row> rows, const trust_list& trust,
                   const known_publishers& known) {
  name_choice chosen;
  std::vector<tracking::share_row> candidates;
  for (const tracking::share_row& row : rows) {
    const publication& claim = row.publication;
    if (const auto seen = as_seen(row, trust, known)) {
      candidates.push_back(*seen);
    } else if (claim.of_signature == standing::wrong || claim.of_signature == standing::unchecked) {
      chosen.refused.push_back(is_wrong(row, rows));
    } else if (!trust.empty()) {
      chosen.refused.push_back(is_untrusted(row, trust, known));
    } else {
      candidates.push_back(row);
    }
  }
  for (const tracking::share_row& row : catalogue::newest(std::move(candidates))) {
    auto why = is_not_known(row, trust, known);
    if (why) {
      chosen.refused.push_back(std::move(*why));
    } else {
      // As it came: what it was seen to be has no signature that could be told to others.
      chosen.rows.push_back(*std::ranges::find(rows, row.id, &tracking::share_row::id));
    }
  }
  if (!chosen.rows.empty() || chosen.refused.size() < 2) return chosen;
  // A name with many shares is told in one line.
  error& first = chosen.refused.front();
  const std::size_t more = chosen.refused.size() - 1;
  first.text += more == 1 ? "; so is 1 more share" : "; so are " + std::to_string(more) + " more shares";
  first.text += " called " + quoted(name);
  return chosen;
}

std::string publisher_text(const publication& of, const trust_list& trust) {
  switch (of.of_signature) {
    case standing::none:
      return "not signed";
    case standing::unchecked:
      return "with a signature that is not checked yet";
    case standing::wrong:
      return "with a wrong signature";
    case standing::right:
      break;
  }
  return "signed by " + key_text(of.signer, trust);
}

error ambiguity(std::string_view what, const std::vector<tracking::share_row>& candidates, const trust_list& trust) {
  std::string text = "'" + std::string(what) + "' means " + std::to_string(candidates.size()) + " shares: ";
  const bool any_signed = std::ranges::any_of(
      candidates, [](const tracking::share_row& row) { return row.publication.of_signature != standing::none; });
  const std::size_t shown = std::min(candidates.size(), catalogue::candidates_listed_max);
  for (std::size_t i = 0; i < shown; ++i) {
    const tracking::share_row& row = candidates[i];
    if (i != 0) text += ", ";
    text += row.name + " (id " + short_id(row.id) + ", " + std::to_string(row.bytes) + " bytes";
    if (row.publication.ms != 0) text += ", published " + time_text(row.publication);
    if (any_signed) text += ", " + publisher_text(row.publication, trust);
    text += ")";
  }
  if (shown < candidates.size()) text += " and " + std::to_string(candidates.size() - shown) + " more";
  return {errc::ambiguous, text + "; give the first digits of the id"};
}

}  // namespace shoal
