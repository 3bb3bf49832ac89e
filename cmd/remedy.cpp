#include "cmd/remedy.hpp"

#include <utility>

#include "cmd/program_name.hpp"

namespace shoal {

namespace {

std::string words_of(remedy what) {
  switch (what) {
    case remedy::none:
      return "";
    case remedy::see_list:
      return "see " + quoted_command("list");
    case remedy::see_status:
      return "see " + quoted_command("status");
    case remedy::other_directory:
      return "choose another directory with --dir";
    case remedy::make_directory:
      return "create it, or choose another directory with --dir";
    case remedy::clear_place:
      return "move it away, or choose another directory with --dir";
    case remedy::replace_older:
      return "replace it with --update, or choose another directory with --dir";
    case remedy::free_space:
      return "free some, or choose another directory with --dir";
    case remedy::other_state_directory:
      return "choose another state directory with --state DIR";
    case remedy::end_other_peer:
      return "stop it with " + quoted_command("stop") + ", or choose another state directory with --state DIR";
    case remedy::other_port:
      return "choose another with --listen, or port 0 for any";
    case remedy::other_key:
      return "ask whoever runs the swarm for its key file, and give it with --key FILE";
    case remedy::some_key:
      return "give the swarm's key with --key FILE";
    case remedy::without_key:
      return "if the swarm is open, leave out --key";
    case remedy::other_host_name:
      return "use an address of the machine, or start with --api-host NAME";
    case remedy::change_address:
      return "ask at 127.0.0.1, or start the peer with --api-listen ADDRESS";
    case remedy::some_tracker:
      return "start the peer with --tracker HOST:PORT";
  }
  return "";
}

}  // namespace

error error_of_row(const std::optional<std::string>& class_name, std::string text,
                   const std::optional<std::string>& remedy_name) {
  return {errc_of(class_name.value_or("")), std::move(text), remedy_of(remedy_name.value_or(""))};
}

std::string text_with_remedy(const error& e) {
  const std::string words = words_of(e.helps);
  return words.empty() ? e.text : e.text + "; " + words;
}

}  // namespace shoal
