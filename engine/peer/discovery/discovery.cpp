#include "peer/discovery/discovery.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "content/signed_publication.hpp"
#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// Signatures that are checked together: some 6 ms, between which the database gets its turn.
constexpr std::size_t checks_at_once = 64;

}  // namespace

discovery::discovery(asio::any_io_executor executor, const swarm_keys& keys, asio::thread_pool& background,
                     checked_signatures& verdicts, tracking::join self, const std::vector<host_port>& trackers,
                     const std::vector<host_port>& told, discovery_observer& observer, notifier& changes)
    : executor_(executor),
      keys_(keys),
      background_(background),
      verdicts_(verdicts),
      self_(std::move(self)),
      observer_(observer),
      changes_(changes),
      hashing_changed_(executor),
      rows_changed_(executor),
      signature_budget_(listening_rate::of_signatures, clock::now()),
      tasks_(executor) {
  for (const host_port& where : trackers) make_client(where);
  for (const host_port& where : told) (void)make_told_client(where);
}

bool discovery::make_told_client(const host_port& where) {
  const auto is_it = [&where](const auto& one) { return to_text(one->where()) == to_text(where); };
  if (trackers_.size() >= trackers_max || std::ranges::any_of(trackers_, is_it)) return false;
  told_.insert(trackers_.size());
  make_client(where);
  return true;
}

void discovery::make_client(const host_port& where) {
  auto describe = [this] { return self_; };
  trackers_.push_back(std::make_unique<tracker_client>(executor_, keys_, trackers_.size(), where, std::move(describe),
                                                       swarm_, static_cast<tracker_observer&>(*this)));
}

void discovery::add_tracker(const host_port& where) {
  make_client(where);
  tasks_.spawn("tracker", trackers_.back()->run());
}

awaitable<void> discovery::run() {
  for (auto& tracker : trackers_) tasks_.spawn("tracker", tracker->run());
  tasks_.spawn("tell hashing", tell_hashing());
  tasks_.spawn("check signatures", check_signatures());
  co_await tasks_.join();
}

void discovery::stop() {
  if (stopped_) return;
  stopped_ = true;
  hashing_changed_.set();
  rows_changed_.set();
  for (auto& tracker : trackers_) tasks_.spawn("leave", tracker->leave());
}

void discovery::on_address(const address_change& change) {
  for (auto& tracker : trackers_) tracker->on_address(change);
}

void discovery::on_keys() {
  for (auto& tracker : trackers_) tracker->on_keys();
}

void discovery::offer(const tracking::share_offer& share) {
  if (offered_.insert_or_assign(share.id, offered_share{share.name, share.bytes}).second) {
    log_info("share is offered name=\"{}\" size=\"{}\" here=\"{}\" share={}", printable(share.name),
             human_bytes(share.bytes), human_bytes(share.have), share.id.hex().substr(0, 12));
  }
  for (auto& tracker : trackers_) (void)tracker->publish(share);
}

void discovery::progress(const share_id& id, std::uint64_t have) {
  for (auto& tracker : trackers_) tracker->progress(id, have);
}

void discovery::withdraw(const share_id& id) {
  const auto offered = offered_.extract(id);
  for (auto& tracker : trackers_) {
    tracker->unwatch(id);
    if (offered) tracker->withdraw(id);
  }
  if (offered) {
    log_info("share is withdrawn name=\"{}\" size=\"{}\" share={}", printable(offered.mapped().name),
             human_bytes(offered.mapped().bytes), id.hex().substr(0, 12));
  }
}

void discovery::watch(const share_id& id) {
  for (auto& tracker : trackers_) tracker->watch(id);
}

void discovery::unwatch(const share_id& id) {
  for (auto& tracker : trackers_) tracker->unwatch(id);
}

void discovery::unreached(const share_id& id, const std::vector<peer_id>& peers) {
  for (auto& tracker : trackers_) tracker->unreached(id, peers);
}

catalogue discovery::swarm_with(tracking::snapshot own) const {
  catalogue all = swarm_;
  all.on_own(std::move(own));
  return all;
}

bool discovery::has_unlisted_peers() const {
  for (std::size_t i = 0; i < trackers_.size(); ++i) {
    if (swarm_.has_unlisted(i)) return true;
  }
  return false;
}

awaitable<std::vector<tracking::peer_row>> discovery::all_peers() {
  std::map<peer_id, tracking::peer_row> all;
  for (const tracking::peer_row* row : swarm_.peers()) all.emplace(row->peer, *row);
  for (std::size_t i = 0; i < trackers_.size(); ++i) {
    if (!swarm_.has_unlisted(i)) continue;
    auto rows = co_await trackers_[i]->list_peers();
    if (!rows) continue;
    for (tracking::peer_row& row : *rows) all.try_emplace(row.peer, std::move(row));
  }
  std::vector<tracking::peer_row> rows;
  rows.reserve(all.size());
  for (auto& [id, row] : all) rows.push_back(std::move(row));
  std::ranges::sort(rows, {}, [](const tracking::peer_row& row) { return std::tie(row.name, row.peer); });
  co_return rows;
}

bool discovery::ready() const {
  return trackers_.empty() || catalogue_seen_;
}

std::size_t discovery::other_holders(const share_id& id) const {
  const auto row = swarm_.share(id);
  if (!row) return 0;
  const std::size_t self = offers(id) ? 1 : 0;
  const std::size_t holders = std::size_t{row->seeders} + row->leechers;
  return holders - std::min(holders, self);
}

bool discovery::reachable() const {
  const auto connected = [](const auto& tracker) { return tracker->state().connected; };
  const auto reaches = [](const auto& tracker) { return tracker->state().connected && tracker->state().reachable; };
  return std::ranges::none_of(trackers_, connected) || std::ranges::any_of(trackers_, reaches);
}

hashing_mark discovery::announce_add(const std::string& path) {
  // Without a look at the disk, which may not answer. Whoever hashes it corrects the name of a link.
  const auto plain = std::filesystem::path(path).lexically_normal();
  hashing_changed_.set();
  return {hashing_, plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string()};
}

std::vector<hashed_share> discovery::hashing(const std::string& what, tracking::snapshot own) const {
  tracking::peer_row self;
  self.peer = self_.peer;
  self.name = self_.name;
  self.hashing = hashing_.rows(clock::now());
  own.peers.push_back(std::move(self));
  catalogue here;
  here.on_snapshot(0, std::move(own));
  auto found = here.hashing(what);
  swarm_.drop_listed(found);
  // What a tracker repeats of ours is older.
  for (auto& one : swarm_.hashing(what)) {
    if (one.peer != self_.peer) found.push_back(std::move(one));
  }
  return found;
}

awaitable<void> discovery::tell_hashing() {
  while (!stopped_) {
    const time_point now = clock::now();
    if (auto rows = hashing_.next_rows(now)) {
      for (auto& tracker : trackers_) tracker->hashing(*rows);
      changes_.notify_all();
    }
    // Progress and ends do not wake this loop: it looks while there is anything.
    const bool idle = hashing_.empty() && hashing_.next_deadline() == never;
    const time_point look_again = idle ? never : now + hashing_list::told_after;
    (void)co_await hashing_changed_.wait_until(look_again);
  }
}

void discovery::on_connected(std::size_t tracker, const tracking::welcome& welcome) {
  catalogue_seen_ = true;
  // Of one that was only told of nobody knows whether the user trusts it so far.
  if (!is_told(tracker) && !stopped_) {
    std::vector<host_port> all;
    bool some_new = false;
    for (const tracking::tracker_row& row : welcome.trackers) {
      const auto where = parse_host_port(row.where, tracker_port_default);
      if (!where) continue;
      all.push_back(*where);
      if (!make_told_client(*where)) continue;
      some_new = true;
      tasks_.spawn("tracker", trackers_.back()->run());
    }
    observer_.on_told_trackers(trackers_[tracker]->where(), all, some_new);
  }
  if (!welcome.reachable && hidden_logged_.pass(clock::now())) {
    log_warn(
        "tracker cannot connect back address={} port={}: other peers cannot either; open the port, or listen "
        "on one that is open",
        welcome.address, self_.port);
  }
}

awaitable<void> discovery::check_signatures() {
  while (!stopped_) {
    auto rows = swarm_.next_unchecked(checks_at_once);
    if (rows.empty()) {
      co_await rows_changed_.wait();
      continue;
    }
    checking_ = true;
    std::erase_if(rows, [this](tracking::share_row& row) {
      const auto known = verdicts_.find(row.publication, row.id, row.name);
      if (!known) return false;
      row.publication = *known;
      on_verdict(row);
      return true;
    });
    const duration pause = signature_budget_.on_read(rows.size(), 0, clock::now());
    if (!rows.empty()) {
      const auto done = co_await checked_rows(std::move(rows));
      if (stopped_) co_return;
      for (const auto& row : done) {
        verdicts_.keep(row.publication, row.id, row.name);
        on_verdict(row);
      }
    }
    checking_ = false;
    changes_.notify_all();
    const time_point go_on = clock::now() + pause;
    while (!stopped_ && clock::now() < go_on) (void)co_await rows_changed_.wait_until(go_on);
  }
}

awaitable<std::vector<tracking::share_row>> discovery::checked_rows(std::vector<tracking::share_row> rows) {
  auto check = [rows = std::move(rows)]() mutable {
    for (auto& row : rows) row.publication = checked(row.publication, row.id, row.name);
    return std::move(rows);
  };
  co_return co_await offload(background_, std::move(check));
}

void discovery::on_verdict(const tracking::share_row& row) {
  swarm_.on_checked(row);
  if (row.publication.is_signed()) observer_.on_signed(row);
}

void discovery::on_rows(std::size_t) {
  rows_changed_.set();
  changes_.notify_all();
}

void discovery::on_swarm(std::size_t, const tracking::swarm& change) {
  tracking::swarm plain = change;
  std::erase_if(plain.joined, [](tracking::endpoint_row& row) {
    // Of several spellings each would be dialled.
    const auto address = plain_address_text(row.address);
    if (address) row.address = *address;
    return !address;
  });
  observer_.on_swarm(plain);
}

void discovery::on_wanted(std::size_t, const tracking::wanted& call) {
  if (stopped_ || !offers(call.id)) return;
  tracking::wanted plain = call;
  const auto address = plain_address_text(call.address);
  if (!address) return;
  plain.address = *address;
  if (wanted_dials_.on_wanted({plain.address, plain.port}, clock::now())) observer_.on_wanted(plain);
}

void discovery::on_disconnected(std::size_t, const std::string&) {
  // Sessions go on without a tracker, and its client has logged the reason.
}

}  // namespace shoal
