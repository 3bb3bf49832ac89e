#include "peer/library/library_index.hpp"

#include <utility>

#include "content/magnet.hpp"

namespace shoal {

namespace {

// The only one of `rows` that `what` means.
result<share_id> the_one(tracking::snapshot rows, const std::string& what, std::string if_none) {
  catalogue among;
  among.on_snapshot(0, std::move(rows));
  auto found = among.find(what);
  if (!found && looks_like_magnet(what)) {
    // As it was given to `download`.
    const auto link = parse_magnet(what);
    if (!link) return link.error();
    found = among.find(link->id.hex());
  }
  if (!found && found.error().code == errc::not_found)
    return error{errc::not_found, std::move(if_none), remedy::see_status};
  if (!found) return found.error();
  if (found->size() > 1) {
    return error{errc::ambiguous,
                 "'" + what + "' matches " + std::to_string(found->size()) + " shares: name one of them"};
  }
  return found->front().id;
}

}  // namespace

tracking::snapshot library_index::recorded() const {
  tracking::snapshot rows = hosted_.rows();
  auto take = [this, &rows](const share_id& id, const std::string& name, const metainfo_ptr& info,
                            const publication& published) {
    if (hosted_.find(id)) return;
    tracking::share_row row;
    row.id = id;
    row.name = name;
    row.bytes = info ? info->total_bytes() : 0;
    row.publication = published;
    rows.shares.push_back(std::move(row));
  };
  for (const auto& [path, one] : missing_.all()) take(one.info->id(), one.info->name(), one.info, one.row.published);
  for (const auto& [id, one] : downloads_.paused()) take(id, one.row.name, one.info, one.row.published);
  return rows;
}

result<share_id> library_index::find_here(const std::string& what) const {
  return the_one(recorded(), what, "this peer neither shares nor downloads '" + what + "'");
}

result<share_id> library_index::find_unfinished(const std::string& what) const {
  tracking::snapshot rows = hosted_.rows();
  std::erase_if(rows.shares, [](const tracking::share_row& row) { return row.seeders != 0; });
  return the_one(std::move(rows), what, "nothing called '" + what + "' is being downloaded");
}

catalogue library_index::known() const {
  return discovery_.swarm_with(recorded());
}

catalogue library_index::swarm_with_own() const {
  tracking::snapshot rows = hosted_.rows();
  std::erase_if(rows.shares, [this](const tracking::share_row& row) { return has_failed(*hosted_.find(row.id)); });
  return discovery_.swarm_with(std::move(rows));
}

std::vector<hashed_share> library_index::hashing(const std::string& what) const {
  return discovery_.hashing(what, hosted_.rows());
}

}  // namespace shoal
