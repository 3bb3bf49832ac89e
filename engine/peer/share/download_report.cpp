// download: what it says of itself: how far it is, who delivered what, and what it waits for.

#include <algorithm>

#include "peer/share/download.hpp"
#include "peer/share/waiting_reason.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Silence after which a download says what it waits for.
constexpr duration silence_worth_a_reason = std::chrono::seconds(2);
// Symbolic links that are named one by one; the rest is a number.
constexpr std::size_t links_named_max = 20;

// Before, nobody can know whether a peer can be connected to.
constexpr duration dials_take = std::chrono::seconds(1);

}  // namespace

std::string download::absent_text() const {
  const bool tried = !share_.peers().last_dial_error().empty();
  std::string text;
  const std::size_t banned = share_.peers().banned_count();
  if (banned > 0) {
    text = "; " + std::to_string(banned) + " sent damaged data and " + (banned == 1 ? "is" : "are") +
           " not asked for a while";
  }
  const swarm_outlook seen = share_.outlook();
  const std::size_t known = share_.peers().known_count() + banned;
  const std::size_t hidden = seen.holders - std::min(seen.holders, known);
  if (hidden > 0) text += "; " + std::to_string(hidden) + " listed, to whom nobody can connect";
  if (hidden > 0 && seen.reachable) text += ": they are asked to connect to this peer";
  if (!seen.reachable && (hidden > 0 || (tried && sources_.in_use().empty() && seen.holders > 0))) {
    text += "; nobody can connect to this peer either, so open its port, or let it listen on one that is open";
  }
  return text;
}

void download::note_what_is_left_out() {
  const metainfo& info = *content_.info();
  if (!request_.given_up.empty()) {
    notes_.push_back("what an earlier try had in " + printable(request_.given_up) + " is deleted: it goes to " +
                     printable(request_.directory) + " now");
  }
  if (info.is_private())
    notes_.emplace_back("it is private (BEP 27): trackers do not list it, so name a peer that has it");
  if (request_.symlinks) return;
  std::size_t links = 0;
  for (const file_entry& entry : info.files()) {
    if (entry.type != file_entry::kind::symlink || ++links > links_named_max) continue;
    notes_.push_back(printable(entry.path) + " is a symbolic link (the option symlinks creates it): skipped");
  }
  if (links > links_named_max) {
    notes_.push_back(std::to_string(links - links_named_max) +
                     " more symbolic links (the option symlinks creates them): skipped");
  }
}

void download::note_what_stays(std::size_t files) {
  if (files == 1) notes_.push_back("1 file that is not of this version stays");
  if (files > 1) notes_.push_back(std::to_string(files) + " files that are not of this version stay");
}

double download::rate_of(const source& from) const {
  return transfer_ && sources_.uses(from) ? transfer_->stats(*from.number()).rate : 0;
}

std::uint64_t download::bytes_done() const {
  if (progress_.in(download_phase::checking)) return progress_.bytes().checked;
  return content_.verified_bytes();
}

transfer::totals download::totals() const {
  return transfer_ ? transfer_->total() : transfer::totals{};
}

std::vector<source_row> download::sources() const {
  std::vector<source_row> rows;
  for (const auto& [number, one] : sources_.in_use()) {
    if (!transfer_) break;
    const auto stats = transfer_->stats(number);
    const char* state = "idle";
    if (stats.bytes_in_flight > 0) state = "active";
    if (stats.stalled) state = "stalled";
    if (stats.choked) state = "choked";
    rows.push_back({one->name(), stats.bytes_received, stats.rate, state});
  }
  rows.insert(rows.end(), sources_.remembered().begin(), sources_.remembered().end());
  return rows;
}

duration download::silence() const {
  if (room_.waiting()) return duration::zero();
  const bool asking = progress_.in(download_phase::metadata) || progress_.in(download_phase::downloading);
  return asking ? speed_.silence(clock::now()) : duration::zero();
}

bool download::is_superseded() const {
  const bool asks = progress_.in(download_phase::metadata) || progress_.in(download_phase::downloading);
  if (!asks || !sources_.in_use().empty()) return false;
  const swarm_outlook seen = share_.outlook();
  return seen.holders == 0 && seen.superseded;
}

std::string download::reason() const {
  if (progress_.in(download_phase::failed)) return progress_.failure().text;
  if (std::string lacking = room_.reason(); !lacking.empty()) return lacking;
  if (std::string lack = progress_.lack(clock::now()); !lack.empty()) {
    return std::move(lack) + "; it goes on by itself when this peer has less to do, or more files may be open";
  }
  if (progress_.in(download_phase::checking)) return "looking at what is on disk already and making room for the rest";
  if (progress_.in(download_phase::finishing)) return "writing everything to disk";
  if (progress_.in(download_phase::complete)) return {};
  if (sources_.in_use().empty()) {
    if (is_superseded()) return superseded_reason(content_.info() ? content_.info()->name() : request_.name);
    std::string text = "waiting for a peer that has it: none is connected";
    if (share_.peers().known_count() > 0) text += ", " + std::to_string(share_.peers().known_count()) + " known";
    if (!share_.peers().last_dial_error().empty()) text += "; last try: " + share_.peers().last_dial_error();
    return elapsed() < dials_take ? text : text + absent_text();
  }
  if (progress_.in(download_phase::metadata))
    return "asking " + std::to_string(sources_.in_use().size()) + (sources_.in_use().size() == 1 ? " peer" : " peers") +
           " what it is";
  if (speed_.silence(clock::now()) < silence_worth_a_reason) return {};
  return waiting_reason(transfer_->explain()) + absent_text();
}

}  // namespace shoal
