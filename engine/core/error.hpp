// Expected failures: a code for programs and one line for people. Where several files are at fault, one more line for
// each.
//
// `text` names the input and the cause. It is shown to the user as it is. `helps` says what kind of thing would help,
// because the words for it differ between the command line and other programs: tools/tidy keeps such words out of
// engine/. A failure that no input can cause is a programmer's error and an assertion (assert.hpp).
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// Classes of failure. Each maps to one exit code of the program (exit_code).
enum class errc {
  usage,           ///< unknown word or option, missing argument
  malformed,       ///< input that cannot be parsed: garbage .torrent, magnet link, message
  ambiguous,       ///< a name or prefix that means several shares
  not_found,       ///< no such share, file or running peer
  unreachable,     ///< a host that cannot be connected to
  timed_out,       ///< no answer within a deadline
  protocol,        ///< the other side broke the protocol
  address_in_use,  ///< the listening port is taken
  verification,    ///< data that does not match its hash
  disk,            ///< read or write failed
  no_space,        ///< disk full
  permission,      ///< the operating system refused access, or a private swarm did
  conflict,        ///< the target exists with other content, the state directory is in use
  limit,           ///< a named limit was exceeded
  cancelled,       ///< stopped on request
  internal,        ///< a failure that none of the above describes
};

/// Short name of the class, as used in JSON and logs: "not_found".
std::string_view name_of(errc code);
/// The inverse of name_of; errc::internal for an unknown name.
errc errc_of(std::string_view name);

/// Exit code of the program: 0 never; usage, malformed and ambiguous 2; not_found 3; unreachable, timed_out, protocol
/// and address_in_use 4; verification 5; disk, no_space and permission 6; conflict 7; limit 8; cancelled 130;
/// internal 1.
int exit_code(errc code);

/// What would help, where each program has words of its own for it: `cmd/remedy` has those of the command line.
enum class remedy : std::uint8_t {
  none,
  see_list,               ///< look at what the swarm lists
  see_status,             ///< look at what this peer does
  other_directory,        ///< another target directory
  make_directory,         ///< make the target directory, or take another
  clear_place,            ///< move away what is there, or take another target directory
  replace_older,          ///< put the new version in the place of the older one, or take another directory
  free_space,             ///< on that disk, or another target directory
  other_state_directory,  ///< another state directory
  end_other_peer,         ///< end the peer that has the state directory, or take another
  other_port,             ///< listen on another port
  other_key,              ///< the key that the swarm uses now
  some_key,               ///< the swarm is private: use its key
  without_key,            ///< the swarm is open: use no key
  other_host_name,        ///< ask for an address of the machine, or have the node know this name
  change_address,         ///< ask at a loopback address, or have the peer take changes at this one
  some_tracker,           ///< have the peer join a tracker
};

/// Short name of the remedy, as used in JSON: "free_space"; "" for none.
std::string_view name_of(remedy what);
/// The inverse of name_of; remedy::none for an unknown name.
remedy remedy_of(std::string_view name);

struct error {
  errc code = errc::internal;
  std::string text;
  remedy helps = remedy::none;
};

/// "BEFORE: TEXT", with the class and the remedy of `why`.
error within(std::string before, const error& why);
/// `why`, against which `what` helps.
error helped_by(remedy what, error why);

/// "TEXT: REASON" for a failed system call. The class follows from errno: ENOSPC is no_space, EACCES is permission,
/// ENOENT is not_found. EMFILE, ENFILE and ENOMEM are limit. Any other is `fallback`.
error system_error(std::string text, int error_number, errc fallback = errc::disk);

/// A value or an error; `result<void>` for an action.
template <class T>
using result = boost::system::result<T, error>;

/// Lets result<T>::value() throw; used at start-up only, where a failure ends in main.
[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

}  // namespace shoal
