// What people can ask of a peer: one struct for each method with parameters, described once like the rows.
//
// tools/control_doc writes the tables of docs/CONTROL.md from the comments here. Paths are absolute. Values alone.
#pragma once

#include <boost/describe/class.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal::requests {

/// No parameters.
struct none {};
BOOST_DESCRIBE_STRUCT(none, (), ())

/// What to share.
struct add {
  std::vector<std::string> paths = {};  ///< at least one, each absolute
  bool symlinks = false;                ///< share symbolic links as links instead of leaving them out
  std::optional<bool> follow = {};      ///< share new versions when it changes; without it, as before
  /// path of the publisher key that signs it and its new versions; without it, as before
  std::optional<std::string> sign = {};
  std::optional<std::string> up_limit = {};    ///< of each share, as `up` of `limit`
  std::optional<std::string> down_limit = {};  ///< likewise
};
BOOST_DESCRIBE_STRUCT(add, (), (paths, symlinks, follow, sign, up_limit, down_limit))

/// What to list.
struct list {
  std::string glob = "*";  ///< of names
  bool versions = false;   ///< older versions, too
  /// the text of a trust file, whose names are shown; without it, that of the peer
  std::optional<std::string> trust = {};
};
BOOST_DESCRIBE_STRUCT(list, (), (glob, versions, trust))

/// What to download. One of `what` and `torrent` is needed.
struct download {
  std::optional<std::string> what = {};  ///< name, glob, id, prefix of an id (8 digits or more), magnet link
  /// base64 of .torrent bytes; not used if a share is called exactly `what`
  std::optional<std::string> torrent = {};
  /// where it goes, absolute; it is made if it is not there; "": where it was, or `default_directory`
  std::string directory = {};
  std::string default_directory = {};   ///< used if nothing else says where it goes, absolute; "": that of the peer
  bool symlinks = false;                ///< create the symbolic links of a folder
  bool keep_mode = false;               ///< permissions as at the publisher
  bool reuse = true;                    ///< take from this disk what shares of this peer hold of it
  bool update = false;                  ///< take the place of an older version that is there
  bool delete_dropped = false;          ///< with `update`: files of the older version that this one does not have go
  std::vector<std::string> peers = {};  ///< "HOST:PORT" of peers that have it
  bool wait = true;                     ///< answer when it is complete
  /// the text of a trust file, of whose publishers alone names are taken; without it, that of the peer
  std::optional<std::string> trust = {};
  std::optional<std::string> up_limit = {};    ///< of each share, as `up` of `limit`
  std::optional<std::string> down_limit = {};  ///< likewise
};
BOOST_DESCRIBE_STRUCT(download, (),
                      (what, torrent, directory, default_directory, symlinks, keep_mode, reuse, update, delete_dropped,
                       peers, wait, trust, up_limit, down_limit))

/// What to cancel. One of `id` and `what` is needed.
struct cancel {
  std::optional<std::string> id = {};
  std::optional<std::string> what = {};  ///< one download, as for `remove`
  bool leave = false;  ///< cancel only if nobody else waits for it and it was not begun with `wait` false
};
BOOST_DESCRIBE_STRUCT(cancel, (), (id, what, leave))

/// One share of this peer.
struct one {
  std::optional<std::string> what = {};  ///< name, glob, id, prefix of an id or magnet link
};
BOOST_DESCRIBE_STRUCT(one, (), (what))

/// Of which downloads to say what holds them up.
struct why {
  std::optional<std::string> what = {};  ///< one share, as for `remove`; without it all that are not complete
};
BOOST_DESCRIBE_STRUCT(why, (), (what))

/// What a dump holds.
struct dump {
  bool names = false;  ///< the names of shares and files, too
};
BOOST_DESCRIBE_STRUCT(dump, (), (names))

/// How fast the whole peer, or one share, may send and receive. What is left out stays as it is.
struct limit {
  std::optional<std::string> what = {};  ///< one share, as for `remove`; without it the whole peer
  std::optional<std::string> up = {};    ///< a rate such as "10M" (10 MB/s), "500K" or "80Mbit"; "0" for no limit
  std::optional<std::string> down = {};  ///< the same
};
BOOST_DESCRIBE_STRUCT(limit, (), (what, up, down))

/// errc::usage.
error missing(std::string_view name);
/// The peer has another working directory than who asks. errc::usage names the parameter and the path if that is
/// not absolute.
result<void> check_path(std::string_view name, const std::string& path);

}  // namespace shoal::requests
