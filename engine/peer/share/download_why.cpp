// download: what holds it up, as it was measured.

#include <algorithm>
#include <set>

#include "peer/share/download.hpp"
#include "peer/share/limit_text.hpp"
#include "peer/share/waiting_reason.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Sources that are named; more is too long for a line.
constexpr std::size_t named_max = 3;

// What most of the sources do, of what brings nothing.
source_activity most_common(const explanation& why) {
  const std::size_t most = std::max({why.without, why.choking, why.rejecting, why.silent});
  if (most == 0) return source_activity::idle;
  if (most == why.without) return source_activity::without;
  if (most == why.choking) return source_activity::choking;
  return most == why.rejecting ? source_activity::rejecting : source_activity::silent;
}

std::string cause_of(source_activity doing) {
  switch (doing) {
    case source_activity::without:
      return "missing_pieces";
    case source_activity::choking:
      return "choked";
    case source_activity::rejecting:
      return "refused";
    case source_activity::silent:
      return "silent";
    default:
      return "unknown";
  }
}

}  // namespace

lacking_pieces download::lacking() const {
  lacking_pieces found;
  if (!transfer_) return found;
  const bitmap nobody = transfer_->held_by_nobody();
  const metainfo& info = *content_.info();
  std::set<std::uint32_t> files;
  for (std::uint32_t i = nobody.next_set(0); i < nobody.size(); i = nobody.next_set(i + 1)) {
    found.pieces.push_back(i);
    found.bytes += info.shape().piece_size(piece_index{i});
    const file_index file = info.shape().piece_file(piece_index{i});
    if (files.insert(file.value()).second) found.files.push_back(printable(info.files()[file.value()].path));
  }
  if (const auto* last = last_holders_.of(nobody)) {
    found.last_holder = last->address;
    found.gone_for = clock::now() - last->left;
  }
  return found;
}

std::string download::names_of(source_activity doing) const {
  std::string text;
  std::size_t named = 0;
  for (const auto& [number, one] : sources_.in_use()) {
    if (transfer_->activity(number) != doing || named++ >= named_max) continue;
    const source_name name = one->name();
    text += (text.empty() ? " (" : ", ") + name.address;
    if (!name.client.empty() && !name.client.starts_with("shoal/")) text += " with " + name.client;
  }
  if (named > named_max) text += " and others";
  return text.empty() ? text : text + ")";
}

limit_report download::why() const {
  if (progress_.in(download_phase::failed)) return {"failed", reason()};
  if (progress_.in(download_phase::checking)) return {"checking", reason()};
  if (progress_.in(download_phase::finishing)) return {"finishing", reason()};
  if (progress_.in(download_phase::complete)) return {"complete", "it is complete"};
  if (sources_.in_use().empty()) {
    const bool tried = share_.peers().known_count() > 0 && !share_.peers().last_dial_error().empty();
    limit_report none{tried ? "no_route" : "no_source", reason()};
    if (!transfer_) return none;
    const lacking_pieces lack = lacking();
    if (!lack.pieces.empty() && !lack.last_holder.empty()) none.text += "; " + lacking_text(lack);
    return none;
  }
  if (!transfer_) return {"metadata", reason()};
  const bottleneck::finding& found = limits_.found();
  const explanation sources = transfer_->explain();
  limit_report report{std::string(name_of(found.what)), {}, found.rate, found.possible};
  const lacking_pieces lack = lacking();
  if (found.what == limiter::nothing) {
    const source_activity doing = most_common(sources);
    report.cause = cause_of(doing);
    report.text = waiting_reason(sources) + names_of(doing) + absent_text();
  } else {
    limit_facts facts{
        .found = found, .sources = sources, .limit_of_share = share_.down().rate() == share_.down().lowest_rate()};
    for (const source_id id : found.sources) {
      if (const source* one = sources_.at(id)) facts.from.push_back(one->name().address);
    }
    report.text = limit_text(facts);
  }
  if (!lack.pieces.empty()) report.text += "; " + lacking_text(lack);
  return report;
}

}  // namespace shoal
