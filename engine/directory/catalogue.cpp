#include "directory/catalogue.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "directory/name_choice.hpp"

namespace shoal {

namespace {

constexpr std::size_t id_digits = share_id::size * 2;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// `certain`: what `into` says is known, so nobody renames it.
void merge(tracking::share_row& into, const tracking::share_row& row, bool certain) {
  into.seeders = std::max(into.seeders, row.seeders);
  into.leechers = std::max(into.leechers, row.leechers);
  into.held = std::max(into.held, row.held);
  if (into.files == 0 && into.bytes == row.bytes) into.files = row.files;
  if (certain && row.name != into.name) return;
  const publication best = merged(into.publication, row.publication);
  // A signature is right for the name of its row alone.
  if (best.of_signature != standing::none && best != into.publication) into.name = row.name;
  into.publication = best;
}

// The row says of its signature what was found out about the same claim before.
void keep_verdict(tracking::share_row& row, const tracking::share_row& before) {
  tracking::share_row same = before;
  same.publication.of_signature = standing::unchecked;
  if (same.name == row.name && same.publication == row.publication) row.publication = before.publication;
}

}  // namespace

catalogue::view& catalogue::view_of(std::size_t tracker) {
  if (views_.size() <= tracker) views_.resize(tracker + 1);
  return views_[tracker];
}

void catalogue::on_snapshot(std::size_t tracker, tracking::snapshot snapshot) {
  view& view = view_of(tracker);
  view.seq = snapshot.seq;
  view.known = true;
  view.away = false;
  view.unlisted = snapshot.unlisted;
  view.peers.clear();
  const auto before = std::exchange(view.shares, {});
  view.bytes = 0;
  view.peers.reserve(snapshot.peers.size());
  view.shares.reserve(snapshot.shares.size());
  for (tracking::peer_row& row : snapshot.peers) put(view, std::move(row));
  for (tracking::share_row& row : snapshot.shares) {
    const auto known = before.find(row.id);
    put(view, std::move(row), known == before.end() ? nullptr : &known->second);
  }
  ++version_;
}

bool catalogue::on_delta(std::size_t tracker, const tracking::delta& delta) {
  view& view = view_of(tracker);
  if (!view.known || delta.seq != view.seq + 1) return false;
  std::size_t bytes = view.bytes;
  for (const tracking::peer_row& row : delta.joined) bytes += tracking::encoded_bytes_max(row);
  // Rounded up: rows that are known already count twice. A tracker keeps far enough from these bounds.
  const bool too_much = view.peers.size() + delta.joined.size() > 2 * tracking::peers_max ||
                        view.shares.size() + delta.published.size() > 2 * tracking::shares_max ||
                        bytes > 2 * tracking::catalogue_bytes_max;
  if (too_much) return false;
  view.seq = delta.seq;
  if ((view.unlisted == 0) != (delta.unlisted == 0)) {
    view.peers.clear();
    view.bytes = 0;
  }
  view.unlisted = delta.unlisted;
  for (const peer_id& id : delta.left) drop(view, id);
  for (const tracking::peer_row& row : delta.joined) put(view, row);
  for (const share_id& id : delta.withdrawn) view.shares.erase(id);
  for (const tracking::share_row& row : delta.published) put(view, row, nullptr);
  for (const tracking::holders_row& row : delta.progress) {
    const auto found = view.shares.find(row.id);
    if (found == view.shares.end()) continue;
    found->second.seeders = row.seeders;
    found->second.leechers = row.leechers;
    found->second.held = row.held;
  }
  drop_old(delta);
  ++version_;
  return true;
}

void catalogue::drop_old(const tracking::delta& gone) {
  for (view& one : views_) {
    if (!one.away) continue;
    for (const share_id& id : gone.withdrawn) one.shares.erase(id);
    // Else they are perhaps only not listed any more.
    if (gone.unlisted > 0) continue;
    for (const peer_id& id : gone.left) drop(one, id);
  }
}

void catalogue::on_away(std::size_t tracker) {
  view_of(tracker).away = true;
  ++version_;
}

void catalogue::on_own(tracking::snapshot own) {
  // Of a download without metadata it knows no more than it was told.
  tracking::snapshot guessed;
  const auto known = std::partition(own.shares.begin(), own.shares.end(),
                                    [](const tracking::share_row& row) { return row.bytes != 0 || row.files != 0; });
  guessed.shares.assign(std::make_move_iterator(known), std::make_move_iterator(own.shares.end()));
  own.shares.erase(known, own.shares.end());
  own_ = views_.size();
  on_snapshot(*own_, std::move(own));
  if (!guessed.shares.empty()) on_snapshot(*own_ + 1, std::move(guessed));
}

void catalogue::put(view& into, tracking::peer_row row) {
  into.bytes += tracking::encoded_bytes_max(row);
  const auto [at, is_new] = into.peers.try_emplace(row.peer);
  if (!is_new) into.bytes -= tracking::encoded_bytes_max(at->second);
  at->second = std::move(row);
}

void catalogue::drop(view& from, const peer_id& id) {
  const auto found = from.peers.find(id);
  if (found == from.peers.end()) return;
  from.bytes -= tracking::encoded_bytes_max(found->second);
  from.peers.erase(found);
}

void catalogue::put(view& view, tracking::share_row row, const tracking::share_row* before) {
  if (row.publication.of_signature == standing::unchecked) {
    if (before != nullptr) keep_verdict(row, *before);
    for (const auto& one : views_) {
      const auto known = one.shares.find(row.id);
      if (known != one.shares.end()) keep_verdict(row, known->second);
    }
    if (row.publication.of_signature == standing::unchecked) unchecked_.insert(row.id);
  }
  const share_id id = row.id;
  view.shares.insert_or_assign(id, std::move(row));
}

std::vector<tracking::share_row> catalogue::next_unchecked(std::size_t count_max) {
  std::vector<tracking::share_row> rows;
  while (rows.size() < count_max && !unchecked_.empty()) {
    const share_id id = unchecked_.extract(unchecked_.begin()).value();
    for (const view& view : views_) {
      const auto found = view.shares.find(id);
      if (found == view.shares.end()) continue;
      if (found->second.publication.of_signature == standing::unchecked) rows.push_back(found->second);
    }
  }
  return rows;
}

void catalogue::on_checked(const tracking::share_row& row) {
  for (view& view : views_) {
    const auto found = view.shares.find(row.id);
    if (found == view.shares.end()) continue;
    if (found->second.publication.of_signature == standing::unchecked) keep_verdict(found->second, row);
  }
  ++version_;
}

std::optional<tracking::share_row> catalogue::share(const share_id& id) const {
  std::optional<tracking::share_row> merged;
  const bool is_told =
      std::ranges::any_of(views_, [&id](const view& one) { return !one.away && one.shares.contains(id); });
  const auto add = [&](const view& view) {
    const auto found = view.shares.find(id);
    if (found == view.shares.end() || (view.away && is_told)) return;
    if (merged) {
      merge(*merged, found->second, own_ && views_[*own_].shares.contains(id));
    } else {
      merged = found->second;
    }
  };
  if (own_) add(views_[*own_]);
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (i != own_) add(views_[i]);
  }
  return merged;
}

template <class Predicate>
bool catalogue::told_before(const share_id& key, std::size_t place, Predicate wanted) const {
  if (place == own_) return false;
  const auto lists_it = [&](const view& one) {
    const auto at = one.shares.find(key);
    return at != one.shares.end() && wanted(at->second);
  };
  if (own_ && lists_it(views_[*own_])) return true;
  return std::any_of(views_.begin(), views_.begin() + static_cast<std::ptrdiff_t>(place), lists_it);
}

bool catalogue::lists(std::size_t tracker, const share_id& id) const {
  return tracker < views_.size() && views_[tracker].shares.contains(id);
}

bool catalogue::lists(std::size_t tracker, const peer_id& id) const {
  return tracker < views_.size() && views_[tracker].peers.contains(id);
}

template <class Predicate>
std::vector<tracking::share_row> catalogue::select(Predicate wanted) const {
  std::vector<tracking::share_row> rows;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    for (const auto& [id, row] : views_[i].shares) {
      if (!wanted(row)) continue;
      // One row for a share, with the counts of all trackers.
      if (told_before(id, i, wanted)) continue;
      if (views_.size() == 1) {
        rows.push_back(row);
      } else if (auto merged = share(id); wanted(*merged)) {
        rows.push_back(std::move(*merged));
      }
    }
  }
  std::sort(rows.begin(), rows.end(), [](const tracking::share_row& a, const tracking::share_row& b) {
    return std::tie(a.name, a.id) < std::tie(b.name, b.id);
  });
  return rows;
}

std::vector<tracking::share_row> catalogue::shares() const {
  return select([](const tracking::share_row&) { return true; });
}

const catalogue::counts& catalogue::counted() const {
  if (counts_.of_version == version_) return counts_;
  counts_ = {.of_version = version_};
  std::unordered_set<share_id> shares;
  std::unordered_set<peer_id> peers;
  for (const view& view : views_) {
    for (const auto& [id, row] : view.shares) {
      if (views_.size() == 1 || shares.insert(id).second) ++counts_.shares;
    }
    for (const auto& [id, row] : view.peers) {
      if (views_.size() > 1 && !peers.insert(id).second) continue;
      ++counts_.peers;
      counts_.hashing += row.hashing.size();
    }
  }
  const bool all_away = std::ranges::all_of(views_, &view::away);
  std::size_t unlisted = 0;
  for (const view& view : views_) {
    if (!view.away || all_away) unlisted = std::max(unlisted, view.unlisted);
  }
  counts_.peers += unlisted;
  return counts_;
}

std::size_t catalogue::peer_count(std::size_t tracker) const {
  return tracker < views_.size() ? views_[tracker].peers.size() + views_[tracker].unlisted : 0;
}

bool catalogue::has_unlisted(std::size_t tracker) const {
  return tracker < views_.size() && views_[tracker].unlisted > 0;
}

std::vector<const tracking::peer_row*> catalogue::peers() const {
  std::vector<const tracking::peer_row*> rows;
  std::unordered_map<peer_id, const tracking::peer_row*> listed;
  for (const view& view : views_) {
    for (const auto& [id, row] : view.peers) {
      if (const auto [other, is_new] = listed.try_emplace(id); is_new) other->second = peer(id);
    }
  }
  rows.reserve(listed.size());
  for (const auto& [id, row] : listed) rows.push_back(row);
  std::ranges::sort(rows, {}, [](const tracking::peer_row* row) { return std::tie(row->name, row->peer); });
  return rows;
}

const tracking::peer_row* catalogue::peer(const peer_id& id) const {
  const tracking::peer_row* best = nullptr;
  bool is_old = false;
  for (const view& view : views_) {
    const auto found = view.peers.find(id);
    if (found == view.peers.end()) continue;
    // One tracker may reach a peer that another cannot.
    const bool reaches = best != nullptr && view.away == is_old && found->second.reachable && !best->reachable;
    if (best != nullptr && !reaches && !(is_old && !view.away)) continue;
    best = &found->second;
    is_old = view.away;
  }
  return best;
}

std::vector<tracking::share_row> catalogue::named(std::string_view name) const {
  return select([name](const tracking::share_row& row) { return row.name == name; });
}

bool catalogue::has_newer(std::string_view name, const publication& one) const {
  return std::ranges::any_of(named(name),
                             [&one](const tracking::share_row& row) { return supersedes(row.publication, one); });
}

std::vector<tracking::share_row> catalogue::matching(std::string_view glob) const {
  // Names may hold the characters of patterns.
  if (auto exact = named(glob); !exact.empty()) return exact;
  const std::string pattern(glob);
  return select(
      [&pattern](const tracking::share_row& row) { return fnmatch(pattern.c_str(), row.name.c_str(), 0) == 0; });
}

std::vector<tracking::share_row> catalogue::newest(std::vector<tracking::share_row> rows) {
  std::vector<tracking::share_row> kept;
  kept.reserve(rows.size());
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::map<publisher_key, publication> latest_signed;
    std::map<publisher_id, publication> latest;
    for (end = begin; end < rows.size() && rows[end].name == rows[begin].name; ++end) {
      const publication& claim = rows[end].publication;
      const bool counts = claim.is_signed() || claim.of_signature == standing::none;
      if (publication& best = latest_signed[claim.signer]; claim.is_signed() && claim.ms >= best.ms) best = claim;
      if (publication& best = latest[claim.publisher]; counts && claim.ms >= best.ms) best = claim;
    }
    for (std::size_t i = begin; i < end; ++i) {
      const publication& claim = rows[i].publication;
      const publication& best = claim.is_signed() ? latest_signed.at(claim.signer) : latest.at(claim.publisher);
      if (!supersedes(best, claim)) kept.push_back(std::move(rows[i]));
    }
  }
  return kept;
}

result<std::vector<tracking::share_row>> catalogue::find(std::string_view what) const {
  if (const auto id = share_id::from_hex(what)) {
    if (auto row = share(*id)) return std::vector<tracking::share_row>{std::move(*row)};
  }
  auto found = newest(named(what));
  if (found.empty() && what.size() >= prefix_digits_min && what.size() < id_digits && is_hex(what)) {
    const std::string prefix = lower(what);
    found = select([&prefix](const tracking::share_row& row) { return row.id.hex().starts_with(prefix); });
  }
  if (found.size() == 1) return found;
  if (!found.empty()) return ambiguity(what, found, {});
  if (what.find_first_of("*?[") != std::string_view::npos) found = newest(matching(what));
  if (!found.empty()) return found;
  const std::size_t count = share_count();
  return error{errc::not_found,
               "no share called '" + std::string(what) + "' in the catalogue of " + std::to_string(count) +
                   (count == 1 ? " share" : " shares"),
               remedy::see_list};
}

}  // namespace shoal
