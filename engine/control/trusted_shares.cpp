#include "control/trusted_shares.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "content/checked_signatures.hpp"
#include "control/requests.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

namespace {

/// Signatures that one look checks itself, because the word may come before the background is done: some 3 ms.
constexpr std::size_t checks_max = 32;

void check_some(checked_signatures& verdicts, std::vector<tracking::share_row>& rows) {
  std::size_t checks = 0;
  for (auto& row : rows) {
    if (row.publication.of_signature != standing::unchecked || checks++ >= checks_max) continue;
    row.publication = verdicts.check(row.publication, row.id, row.name);
  }
}

}  // namespace

result<trust_list> trust_of(const peer_node& node, const std::optional<std::string>& text) {
  if (!text) return node.options().trust;
  auto list = trust_list::parse(*text);
  if (!list) return error{errc::usage, "parameter 'trust' is no trust list: " + list.error().text};
  return list;
}

result<std::vector<tracking::share_row>> find_trusted(const peer_node& node, const std::string& what,
                                                      const trust_list& trust, std::vector<error>& refused) {
  const catalogue known = node.library().index().known();
  const auto id = share_id::from_hex(what);
  if (id && known.share(*id)) return known.find(what);
  auto rows = known.named(what);
  const bool is_name = !rows.empty();
  if (!is_name && what.find_first_of("*?[") != std::string::npos) rows = known.matching(what);
  // A prefix of an id, or nothing.
  if (rows.empty()) return known.find(what);
  check_some(node.context().signatures, rows);
  std::vector<tracking::share_row> chosen;
  for (auto begin = rows.begin(); begin != rows.end();) {
    const auto end = std::find_if(begin, rows.end(), [begin](const auto& row) { return row.name != begin->name; });
    const std::string name = begin->name;
    auto choice = choose(name, {begin, end}, trust, node.library().publishers());
    std::ranges::move(choice.rows, std::back_inserter(chosen));
    // Of a name that can be taken nobody needs to hear what cannot.
    if (choice.rows.empty()) std::ranges::move(choice.refused, std::back_inserter(refused));
    begin = end;
  }
  if (chosen.empty()) return refused.front();
  if (is_name && chosen.size() > 1) return ambiguity(what, chosen, trust);
  return chosen;
}

}  // namespace shoal
