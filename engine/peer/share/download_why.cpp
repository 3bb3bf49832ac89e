// download: what holds it up, as it was measured.

#include <algorithm>
#include <set>

#include "peer/share/download.hpp"
#include "peer/share/limit_text.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// The first kind that most of the sources are of.
std::string cause_of_silence(const explanation& why) {
  const std::size_t most = std::max({why.without, why.choking, why.rejecting, why.silent});
  if (most == 0) return "unknown";
  if (most == why.without) return "missing_pieces";
  if (most == why.choking) return "choked";
  return most == why.rejecting ? "refused" : "silent";
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
    report.cause = cause_of_silence(sources);
    report.text = reason();
    if (report.text.empty()) report.text = limit_text({.found = found});
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
