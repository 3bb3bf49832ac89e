#include "control/wanted_shares.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "content/magnet.hpp"
#include "content/signed_publication.hpp"
#include "control/trusted_shares.hpp"
#include "control/waits.hpp"
#include "core/base64.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

// How long a word waits for a share that nobody lists: several batches of the tracker.
constexpr duration news_wait = std::chrono::milliseconds(500);

constexpr duration hashing_look_interval = std::chrono::milliseconds(250);

// How long a peer that hashes a wanted share may be away. It comes back as soon as it finds its tracker again.
constexpr duration absence_wait = std::chrono::seconds(10);

// How long a word waits for the first news of a tracker. A tracker nearby answers at once.
constexpr duration names_wait = std::chrono::seconds(1);

// What a request asks for beside its words.
struct wanted_common {
  download_request request;
  trust_list trust;
};

result<std::vector<download_request>> requests_of_rows(const result<std::vector<tracking::share_row>>& rows,
                                                       const download_request& common) {
  if (!rows) return rows.error();
  std::vector<download_request> requests;
  for (const auto& row : *rows) {
    download_request request = common;
    request.id = row.id;
    request.name = row.name;
    // Its row may be gone before the download begins.
    request.published = row.publication;
    // Only an id means such a share.
    if (row.publication.of_signature == standing::wrong) {
      request.published = tellable(row.publication);
      request.notes.push_back("the signature of this id is wrong and is not used");
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

bool unknown(const result<std::vector<tracking::share_row>>& rows) {
  return !rows && rows.error().code == errc::not_found;
}

// What a word means among the shares that trackers list and our own. A share that was downloaded before is here even if
// nobody lists it.
result<std::vector<tracking::share_row>> find_known(const peer_node& node, const std::string& what,
                                                    const trust_list& trust) {
  std::vector<error> refused;
  return find_trusted(node, what, trust, refused);
}

// What a glob matches, and is not downloaded.
std::vector<std::string> notes_of_refused(const peer_node& node, const std::string& what, const trust_list& trust) {
  std::vector<error> refused;
  std::vector<std::string> notes;
  if (!find_trusted(node, what, trust, refused)) return notes;
  for (const error& why : refused) notes.push_back("left out: " + why.text);
  return notes;
}

bool is_here(const peer_node& node, const peer_id& peer) {
  // Of who is only counted nobody hears that it left.
  const discovery& swarm = node.discovery();
  return peer == node.id() || swarm.swarm().peer(peer) != nullptr || swarm.has_unlisted_peers();
}

error not_hashed_any_more(const peer_node& node, const hashed_share& last) {
  const std::string before = "no share called '" + last.name + "': " + last.peer_name + " was hashing it and ";
  if (is_here(node, last.peer)) return {errc::not_found, before + "stopped: add it there again"};
  return {errc::not_found, before + "left the swarm", remedy::see_list};
}

void tell_hashing(caller& by, const hashed_share& one) {
  by.tell(rows::download{.name = one.name, .phase = "waiting", .reason = text_of(one), .bytes = one.bytes});
}

// A pattern means all shares that match it, so it also waits for those that are hashed. A name waits only while nobody
// lists it.
std::vector<hashed_share> awaited(const peer_node& node, const std::string& what, bool known) {
  const bool pattern =
      what.find_first_of("*?[") != std::string::npos && node.library().index().known().named(what).empty();
  return known && !pattern ? std::vector<hashed_share>() : node.library().index().hashing(what);
}

// A share that some peer has just added is listed everywhere a moment later. A share that is hashed is listed when that
// is done.
awaitable<result<std::vector<tracking::share_row>>> find_soon(peer_node& node, caller& by, std::string what,
                                                              const trust_list& trust) {
  auto give_up = clock::now() + news_wait;
  std::optional<hashed_share> last;
  // A pattern waits for shares that were hashed when it was given, and not for all that come later.
  std::optional<std::set<std::pair<std::string, peer_id>>> begun;
  bool away = false;
  time_point tell_at{};
  while (true) {
    auto rows = find_known(node, what, trust);
    const bool known = !unknown(rows);
    auto hashed = awaited(node, what, known);
    if (!begun) {
      begun.emplace();
      for (const hashed_share& one : hashed) begun->emplace(one.name, one.peer);
    } else if (known) {
      std::erase_if(hashed, [&begun](const hashed_share& one) { return !begun->contains({one.name, one.peer}); });
    }
    if ((known && hashed.empty()) || by.gone()) co_return rows;
    const auto now = clock::now();
    if (!hashed.empty()) {
      last = std::move(hashed.front());
      away = false;
      give_up = now + news_wait;
      if (now >= tell_at) {
        tell_hashing(by, *last);
        tell_at = now + notice_interval;
      }
    } else if (last && !away && !is_here(node, last->peer)) {
      away = true;
      give_up = now + absence_wait;
    }
    if (now >= give_up) {
      if (last) co_return not_hashed_any_more(node, *last);
      co_return rows;
    }
    // Each look goes over the whole catalogue, which changes all the time in a large swarm.
    const auto look_again = std::min(give_up, last ? now + hashing_look_interval : now);
    const auto wake_at = last ? look_again : give_up;
    do {
      co_await wait_for_change(node, wake_at);
    } while (clock::now() < look_again && !by.gone());
  }
}

// A tracker has said what there is, or cannot be reached at the moment.
bool names_known(const peer_node& node) {
  return node.discovery().ready() || std::ranges::any_of(node.discovery().trackers(), [](const auto& tracker) {
           return tracker->state().attempts > 0;
         });
}

// A share that is here may have a newer version, and a file may have the name of a share.
awaitable<void> wait_for_names(peer_node& node, caller& by) {
  const auto give_up = clock::now() + names_wait;
  while (!names_known(node) && !by.gone() && clock::now() < give_up) {
    co_await wait_for_change(node, give_up);
  }
}

awaitable<result<std::vector<tracking::share_row>>> find_listed(peer_node& node, caller& by, std::string what,
                                                                const trust_list& trust) {
  co_await wait_for_names(node, by);
  if (unknown(find_known(node, what, trust))) co_await wait_for_catalogue(node, by);
  // Nobody will list it in the next moment.
  const bool refused = !node.discovery().ready() && refused_for_good(node);
  if (refused && unknown(find_known(node, what, trust))) co_return without_tracker(node);
  auto rows = co_await find_soon(node, by, what, trust);
  if (unknown(rows) && !node.discovery().ready()) co_return without_tracker(node);
  if (unknown(rows) && node.discovery().trackers().empty()) {
    co_return error{rows.error().code, rows.error().text + ": " + std::string(no_tracker_text), remedy::some_tracker};
  }
  for (const auto& tracker : node.discovery().trackers()) {
    if (!unknown(rows) || tracker->state().connected) continue;
    co_return error{errc::unreachable, rows.error().text + "; tracker " + to_text(tracker->where()) +
                                           " is away, which may list it: " + tracker->state().reason};
  }
  co_return rows;
}

// Takes over the way in of a link or a file, and notes what of it is not used.
void go_in(const peer_node& node, const way_in& way, download_request& request) {
  request.peers.insert(request.peers.end(), way.peers.begin(), way.peers.end());
  if (const std::string unused = unused_text(way); !unused.empty()) request.notes.push_back(unused);
  for (const std::string& endpoint : way.trackers) {
    const bool ours = std::ranges::any_of(node.discovery().trackers(), [&endpoint](const auto& tracker) {
      return to_text(tracker->where()) == endpoint;
    });
    // A peer tells a tracker everything that it shares. It does not do that for the sake of a link.
    if (!ours) request.notes.push_back("tracker " + endpoint + " is not asked: this peer does not run with it");
  }
}

// The file that a word names, unless a share has that name.
awaitable<result<std::vector<download_request>>> requests_of_file(peer_node& node, caller& by, wanted_common wanted,
                                                                  std::optional<std::string> name,
                                                                  std::string torrent) {
  download_request common = std::move(wanted.request);
  if (name) {
    co_await wait_for_names(node, by);
    const auto rows = find_known(node, *name, wanted.trust);
    const bool refused = !rows && (rows.error().code == errc::ambiguous || rows.error().code == errc::verification);
    const bool exact = rows ? rows->front().name == *name : refused;
    if (exact) co_return requests_of_rows(rows, common);
  }
  // Reading the .torrent of a million files takes seconds.
  struct read_file {
    metainfo_ptr info;
    way_in way;
    publication published;
  };
  auto read = [torrent = std::move(torrent)]() -> result<read_file> {
    const auto bytes = from_base64(torrent);
    if (!bytes) return error{errc::malformed, "parameter 'torrent' is not base64"};
    const auto info = metainfo::from_torrent(*bytes);
    if (!info) return info.error();
    const auto published = checked(publication_of_torrent(*bytes), (*info)->id(), (*info)->name());
    if (published.of_signature == standing::wrong) {
      return error{errc::verification, "the .torrent of '" + (*info)->name() +
                                           "' is refused: its signature is wrong, " + "key " +
                                           fingerprint(published.signer) + " did not sign this id and name"};
    }
    return read_file{*info, way_in_of_torrent(*bytes), published};
  };
  const auto file = co_await offload(node.context().background, std::move(read));
  if (!file) co_return file.error();
  go_in(node, file->way, common);
  common.id = file->info->id();
  common.name = file->info->name();
  common.info = file->info;
  common.published = file->published;
  co_return std::vector{std::move(common)};
}

// What a word means: a link and an id mean themselves, then come names. One request for each share.
awaitable<result<std::vector<download_request>>> requests_of_word(peer_node& node, caller& by, wanted_common wanted,
                                                                  std::string what) {
  download_request common = std::move(wanted.request);
  const auto link = parse_magnet(what);
  if (link) {
    common.id = link->id;
    common.name = link->name.empty() ? link->id.hex() : link->name;
    go_in(node, link->way, common);
    co_return std::vector{std::move(common)};
  }
  const auto listed = find_known(node, what, wanted.trust);
  const auto id = share_id::from_hex(what);
  if (!listed && id && !common.peers.empty()) {
    common.id = *id;
    common.name = what;
    co_return std::vector{std::move(common)};
  }
  // A user who pastes a damaged link does not mean a name.
  if (!listed && looks_like_magnet(what)) co_return link.error();
  const auto rows = co_await find_listed(node, by, what, wanted.trust);
  auto requests = requests_of_rows(rows, common);
  if (!requests) co_return requests;
  auto notes = notes_of_refused(node, what, wanted.trust);
  std::ranges::move(notes, std::back_inserter(requests->front().notes));
  co_return requests;
}

}  // namespace

awaitable<result<std::vector<download_request>>> requests_of(peer_node& node, requests::download wanted, caller& by) {
  auto trust = trust_of(node, wanted.trust);
  if (!trust) co_return trust.error();
  download_request common;
  common.directory = std::move(wanted.directory);
  common.make_directory = !common.directory.empty();
  common.symlinks = wanted.symlinks;
  common.keep_modes = wanted.keep_mode;
  common.reuse = wanted.reuse;
  common.update = wanted.update;
  common.delete_dropped = wanted.update && wanted.delete_dropped;
  common.peers = std::move(wanted.peers);
  if (wanted.torrent) {
    wanted_common shared{std::move(common), std::move(*trust)};
    co_return co_await requests_of_file(node, by, std::move(shared), std::move(wanted.what),
                                        std::move(*wanted.torrent));
  }
  if (!wanted.what) co_return requests::missing("what");
  wanted_common shared{std::move(common), std::move(*trust)};
  co_return co_await requests_of_word(node, by, std::move(shared), std::move(*wanted.what));
}

}  // namespace shoal
