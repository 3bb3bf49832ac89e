#include "control/share_here.hpp"

#include "control/requests.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

result<share_here> find_share_here(const peer_node& node, const std::optional<std::string>& what) {
  if (!what) return requests::missing("what");
  const library& library = node.library();
  const auto id = library.index().find_here(*what);
  if (!id) return id.error();
  share_here here{*id, "", library.hosted().find(*id), library.missing().find(*id), library.downloads().paused(*id)};
  if (here.running) {
    here.name = here.running->name();
  } else {
    here.name = here.missing != nullptr ? here.missing->info->name() : here.paused->row.name;
  }
  return here;
}

metainfo_ptr share_here::info() const {
  if (running) return running->content().info();
  return missing != nullptr ? missing->info : paused->info;
}

}  // namespace shoal
