#include "peer/share/waiting_reason.hpp"

#include <string_view>
#include <vector>

namespace shoal {

namespace {

struct group {
  std::size_t peers;
  std::string_view one;
  std::string_view several;
};

std::string_view verb_of(const group& which) {
  return which.peers == 1 ? which.one : which.several;
}

// Who brings nothing, and why. Only kinds that there are.
std::vector<group> groups_of(const explanation& why) {
  std::vector<group> groups;
  for (const group& known :
       {group{why.without, "has nothing that is missing here", "have nothing that is missing here"},
        group{why.choking, "serves others first", "serve others first"},
        group{why.rejecting, "refuses what it is asked for", "refuse what they are asked for"},
        group{why.silent, "does not answer", "do not answer"}}) {
    if (known.peers > 0) groups.push_back(known);
  }
  return groups;
}

}  // namespace

std::string waiting_reason(const explanation& why) {
  std::vector<group> groups = groups_of(why);
  const std::size_t counted = why.silent + why.choking + why.rejecting + why.without;
  if (why.sources > counted) {
    groups.push_back(
        {why.sources - counted, "has been asked and may still answer", "have been asked and may still answer"});
  }
  if (groups.empty()) return "nothing arrives: no peer is connected";
  const std::string begin = "nothing arrives: ";
  if (groups.size() == 1) {
    const bool only = groups.front().peers == 1;
    const std::string who =
        only ? "the only connected peer " : "all " + std::to_string(why.sources) + " connected peers ";
    return begin + who + std::string(verb_of(groups.front()));
  }
  std::string text = begin + "of " + std::to_string(why.sources) + " connected peers, ";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i > 0) text += i + 1 < groups.size() ? ", " : " and ";
    text += std::to_string(groups[i].peers) + " " + std::string(verb_of(groups[i]));
  }
  return text;
}

std::string others_text(const explanation& why) {
  std::string text;
  for (const group& one : groups_of(why)) {
    text += (text.empty() ? "; " : ", ") + std::to_string(one.peers) + " more " + std::string(verb_of(one));
  }
  return text;
}

std::string superseded_reason(const std::string& name) {
  return "nobody has this version any more: '" + name + "' means a newer version now";
}

}  // namespace shoal
