// download: what holds it up, as it was measured, and whether it has forgotten anything.

#include <algorithm>
#include <optional>

#include "observe/log.hpp"
#include "peer/share/download.hpp"
#include "peer/share/limit_text.hpp"
#include "peer/share/waiting_reason.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Looking whether anything is forgotten.
constexpr duration audit_interval = std::chrono::seconds(1);
constexpr std::size_t forgotten_named_max = 10;
// Sources that are named; more is too long for a line.
constexpr std::size_t named_max = 3;

// What holds it up when nobody brings anything.
source_activity main_obstacle(const explanation& why, bool lacks) {
  const std::size_t most = std::max({why.choking, why.rejecting, why.silent});
  if (why.without > 0 && (lacks || most == 0)) return source_activity::without;
  if (most == 0) return source_activity::delivering;
  if (most == why.choking) return source_activity::choking;
  return most == why.rejecting ? source_activity::rejecting : source_activity::silent;
}

std::string cause_of(source_activity obstacle) {
  switch (obstacle) {
    case source_activity::without:
      return "missing_pieces";
    case source_activity::choking:
      return "choked";
    case source_activity::rejecting:
      return "refused";
    case source_activity::silent:
      return "silent";
    default:
      return "awaiting";
  }
}

}  // namespace

lacking_pieces download::lacking() const {
  lacking_pieces found;
  if (!transfer_) return found;
  found.pieces = transfer_->held_by_nobody();
  const metainfo& info = *content_.info();
  std::optional<file_index> last_file;
  for (std::uint32_t i = found.pieces.next_set(0); i < found.pieces.size(); i = found.pieces.next_set(i + 1)) {
    found.bytes += info.shape().piece_size(piece_index{i});
    const file_index file = info.shape().piece_file(piece_index{i});
    if (file == last_file) continue;
    last_file = file;
    if (found.files.size() < lacking_files_max) {
      found.files.push_back(printable(info.files()[file.value()].path));
    } else {
      ++found.more_files;
    }
  }
  if (const auto* last = last_holders_.of(found.pieces)) {
    found.last_holder = last->address;
    found.gone_for = clock::now() - last->left;
  }
  return found;
}

std::string download::names_of(source_activity doing) const {
  std::string text;
  std::size_t named = 0;
  for (const auto& [number, one] : sources_.in_use()) {
    if (is_disk(*one) || transfer_->activity(number) != doing || named++ >= named_max) continue;
    const source_name name = one->name();
    text += (text.empty() ? " (" : ", ") + name.address;
    if (!name.client.empty() && !name.client.starts_with("shoal/")) text += " with " + name.client;
  }
  if (named > named_max) text += " and others";
  return text.empty() ? text : text + ")";
}

void download::audit(time_point now) {
  audit_at_ = now + audit_interval;
  const auto wrong = transfer_->audit(stores_.size() == 0, now);
  if (wrong.empty()) return;
  if (forgotten_logged_.pass(now)) {
    std::string first;
    for (std::size_t i = 0; i < std::min(wrong.size(), forgotten_named_max); ++i) first += "; " + wrong[i];
    const explanation sources = transfer_->explain();
    log_error(
        "a download had forgotten something, and fetches it now share={} errors={} pieces_begun={} bytes_missing={} "
        "sources={} silent={} choking={} without={} stores={}{}",
        request_.id.hex().substr(0, 12), wrong.size(), transfer_->begun().size(), sources.bytes_missing,
        sources.sources, sources.silent, sources.choking, sources.without, stores_.size(), first);
  }
  follow_decisions();
}

limit_report download::why() const {
  if (progress_.in(download_phase::failed)) return {"failed", reason()};
  if (std::string lacking = room_.reason(); !lacking.empty()) return {"disk_full", std::move(lacking)};
  if (progress_.in(download_phase::checking)) return {"checking", reason()};
  if (progress_.in(download_phase::finishing)) return {"finishing", reason()};
  if (progress_.in(download_phase::complete)) return {"complete", "it is complete"};
  if (sources_.in_use().empty()) {
    limit_report none{share_.peers().last_dial_failed() ? "no_route" : "no_source", reason()};
    if (last_holders_.empty()) return none;
    const lacking_pieces lack = lacking();
    if (!lack.last_holder.empty()) none.text += "; " + lacking_text(lack);
    return none;
  }
  if (!transfer_) return {"metadata", reason()};
  const bottleneck::finding& found = limits_.found();
  const explanation sources = transfer_->explain();
  const lacking_pieces lack = lacking();
  const bool lacks = !lack.pieces.none();
  limit_report report;
  if (found.what == limiter::nothing) {
    const source_activity obstacle = main_obstacle(sources, lacks);
    report.cause = cause_of(obstacle);
    report.text = waiting_reason(sources) + names_of(obstacle) + absent_text();
  } else {
    limit_facts facts{
        .found = found, .sources = sources, .limit_of_share = share_.down().rate() == share_.down().lowest_rate()};
    for (const source_id id : found.sources) {
      if (const source* one = sources_.at(id)) facts.from.push_back(one->name().address);
    }
    report = report_of(facts);
  }
  if (lacks) report.text += "; " + lacking_text(lack);
  return report;
}

}  // namespace shoal
