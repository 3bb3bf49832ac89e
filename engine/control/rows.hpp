// Everything that people can see of a peer: one struct for each thing, described once.
//
// The control socket, `--json`, the tables of the program and docs/CONTROL.md read these descriptions.
// tools/control_doc writes the tables of that page from the comments here. Sizes are bytes, rates are bytes a second,
// times are seconds. Ids are 64 lower-case hexadecimal digits; those of peers are 40. Values alone: control/make_rows
// makes them from a peer.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shoal::rows {

/// A source that delivers, or delivered, chunks of a download.
struct source {
  std::string kind = {};     ///< "peer", or "disk": what other shares of this peer hold of it
  std::string peer = {};     ///< "" of a disk
  std::string address = {};  ///< "HOST:PORT", or "this disk"
  std::string client = {};   ///< what a peer says that it is
  std::uint64_t bytes = 0;   ///< payload that it delivered
  double rate = 0;           ///< bytes a second
  std::string state = {};    ///< "active", "idle", "choked", "stalled", or "gone"; "done" of a disk
};
BOOST_DESCRIBE_STRUCT(source, (), (kind, peer, address, client, bytes, rate, state))

/// A download, or a share that is here already. Also its progress, at most ten a second.
struct download {
  std::string id = {};  ///< "" while some peer still hashes the meant share, or another command downloads it first
  std::string name = {};
  /// "metadata", "checking", "downloading", "waiting", "finishing", "complete", "failed" or "cancelled"
  std::string phase = {};
  std::string reason = {};  ///< one line when nothing moves or it failed, else ""
  std::string why = {};     ///< what holds it up, one line; of a running download
  std::string path = {};    ///< of the file or folder that it makes; "" until that is known
  std::uint64_t bytes = 0;  ///< 0 until the metadata is here
  std::uint64_t files = 0;
  std::uint64_t done = 0;            ///< of `bytes`
  double rate = 0;                   ///< bytes a second
  double eta = -1;                   ///< seconds; -1 unknown
  double elapsed = 0;                ///< seconds
  std::vector<source> sources = {};  ///< sources that are gone included
  std::uint64_t chunks_stolen = 0;
  std::uint64_t chunks_requeued = 0;
  std::uint64_t bytes_duplicate = 0;
  std::uint64_t bytes_failed = 0;
  std::uint64_t bytes_zero = 0;                  ///< in pieces of zeros, which nobody sends
  std::uint64_t bytes_reused = 0;                ///< verified, from shares of this peer on this disk, since it began
  std::uint64_t bytes_fetched = 0;               ///< payload that peers sent since this one began
  std::vector<std::string> notes = {};           ///< what is left out or not used, one line each
  bool already_there = false;                    ///< complete before it was asked for
  std::optional<std::string> class_ = {};        ///< class of the error, if it failed
  std::optional<std::string> remedy = {};        ///< what would help against that error
  std::optional<std::uint64_t> up_limit = {};    ///< of the share, if it has one
  std::optional<std::uint64_t> down_limit = {};  ///< likewise
};
BOOST_DESCRIBE_STRUCT(download, (),
                      (id, name, phase, reason, why, path, bytes, files, done, rate, eta, elapsed, sources,
                       chunks_stolen, chunks_requeued, bytes_duplicate, bytes_failed, bytes_zero, bytes_reused,
                       bytes_fetched, notes, already_there, class_, remedy, up_limit, down_limit))

/// A share that the swarm lists. After these, a share that some peer still hashes: `id` and `publisher` are "", and all
/// numbers but `bytes` are 0.
struct listed_share {
  std::string id = {};
  std::string name = {};
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t seeders = 0;
  std::uint64_t leechers = 0;
  double availability = 0;     ///< complete copies, a number such as 2.5
  double published = 0;        ///< Unix time, 0 unknown
  std::string publisher = {};  ///< 32 hexadecimal digits, "" unknown
  /// "unsigned", "right", "wrong", or "unchecked" if nobody had the time to look at it
  std::string signature = {};
  std::string signer = {};       ///< public key of who signed it, base64; "" if nobody did, or the signature is wrong
  std::string fingerprint = {};  ///< of that key, 32 hexadecimal digits
  std::string signer_name = {};  ///< of that key in the trust list, "" if it is not there
  std::optional<bool> trusted = {};  ///< if there is a trust list: the signature is right, and by a key of the list
  std::string local = {};            ///< "", "seeding", "downloading" or "waiting"; "hashing" if this peer hashes it
  /// when a tracker that lists it was last heard of, Unix time; now for what this peer has
  std::int64_t as_of = 0;
  std::optional<std::string> reason = {};  ///< of a share that is hashed: which peer hashes it, and how far it is
};
BOOST_DESCRIBE_STRUCT(listed_share, (),
                      (id, name, bytes, files, seeders, leechers, availability, published, publisher, signature, signer,
                       fingerprint, signer_name, trusted, local, as_of, reason))

/// What a peer hashes to share it.
struct hashed {
  std::string name = {};
  std::uint64_t bytes = 0;
  std::uint64_t done = 0;  ///< of `bytes`
};
BOOST_DESCRIBE_STRUCT(hashed, (), (name, bytes, done))

/// A peer of the swarm.
struct listed_peer {
  std::string peer = {};
  std::string name = {};
  std::string address = {};
  std::uint64_t port = 0;
  std::string version = {};
  bool reachable = false;            ///< the tracker could connect to it
  bool self = false;                 ///< the peer that answers
  std::string key = {};              ///< id of the key that it has proven to the tracker, "" in an open swarm
  std::int64_t as_of = 0;            ///< when a tracker that lists it was last heard of, Unix time
  std::vector<hashed> hashing = {};  ///< what will be its next shares: the first 8
  std::uint64_t hashing_count = 0;   ///< all of them
};
BOOST_DESCRIBE_STRUCT(listed_peer, (),
                      (peer, name, address, port, version, reachable, self, key, as_of, hashing, hashing_count))

/// A key of this private swarm.
struct swarm_key {
  std::string key = {};                 ///< its id, 16 hexadecimal digits
  std::string use = {};                 ///< "offered" or "accepted" by this peer, or "unknown" to it
  std::vector<std::string> peers = {};  ///< names of the peers that joined a tracker with it
};
BOOST_DESCRIBE_STRUCT(swarm_key, (), (key, use, peers))

/// What `add` did with one path. If one of several paths fails, its row has only `path`, `state`, `reason`, `class`
/// and `remedy`; all else is empty.
struct added {
  std::string id = {};
  std::string name = {};
  std::string path = {};
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::string state = {};  ///< "new", "changed" or "unchanged", said of the content; or "failed"
  std::uint64_t files_hashed = 0;
  std::uint64_t files_known = 0;  ///< hashed before and not touched since
  std::vector<std::string> notes = {};
  std::optional<std::string> reason = {};  ///< why it failed
  std::optional<std::string> class_ = {};  ///< class of that error
  std::optional<std::string> remedy = {};  ///< what would help against it
};
BOOST_DESCRIBE_STRUCT(added, (),
                      (id, name, path, bytes, files, state, files_hashed, files_known, notes, reason, class_, remedy))

/// A tracker of this peer.
struct tracker {
  std::string url = {};
  bool connected = false;
  std::string reason = {};  ///< why it is not connected
};
BOOST_DESCRIBE_STRUCT(tracker, (), (url, connected, reason))

/// A complete share of this peer.
struct held_share {
  std::string id = {};
  std::string name = {};
  std::string path = {};
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  bool there = false;                            ///< its content is on the disk, as it was
  std::optional<std::string> reason = {};        ///< why its content is not there
  std::optional<std::uint64_t> up_limit = {};    ///< of the share, if it has one
  std::optional<std::uint64_t> down_limit = {};  ///< likewise
};
BOOST_DESCRIBE_STRUCT(held_share, (), (id, name, path, bytes, files, there, reason, up_limit, down_limit))

/// Limits of one share.
struct share_limits {
  std::string id = {};
  std::string name = {};
  std::uint64_t up = 0;    ///< 0 none
  std::uint64_t down = 0;  ///< 0 none
};
BOOST_DESCRIBE_STRUCT(share_limits, (), (id, name, up, down))

/// How fast this peer may send and receive.
struct limits {
  std::uint64_t up = 0;                   ///< of the whole peer, 0 none
  std::uint64_t down = 0;                 ///< likewise
  std::vector<share_limits> shares = {};  ///< the share that was asked for, else those that have a limit of their own
};
BOOST_DESCRIBE_STRUCT(limits, (), (up, down, shares))

/// What this peer is doing.
struct status {
  std::string peer = {};
  std::string name = {};
  std::string version = {};
  std::vector<std::string> listen = {};  ///< "HOST:PORT"
  std::string certificate = {};          ///< for HTTPS in a private swarm, its SHA-256: "AB:CD:…"; "" without one
  std::string state_directory = {};
  std::string download_directory = {};
  double uptime = 0;  ///< seconds
  std::vector<tracker> trackers = {};
  std::vector<download> downloads = {};  ///< cancelled ones, too
  std::vector<held_share> shares = {};
  std::vector<hashed> hashing = {};  ///< what will be its next shares: the first 1,000
  std::uint64_t hashing_count = 0;   ///< all of them
  std::uint64_t sessions = 0;
  std::uint64_t bytes_uploaded = 0;
  std::uint64_t bytes_downloaded = 0;
  double upload_rate = 0;        ///< bytes a second
  double download_rate = 0;      ///< likewise
  std::uint64_t up_limit = 0;    ///< of the whole peer, bytes a second, 0 none
  std::uint64_t down_limit = 0;  ///< likewise
};
BOOST_DESCRIBE_STRUCT(status, (),
                      (peer, name, version, listen, certificate, state_directory, download_directory, uptime, trackers,
                       downloads, shares, hashing, hashing_count, sessions, bytes_uploaded, bytes_downloaded,
                       upload_rate, download_rate, up_limit, down_limit))

/// A share that was hashed again.
struct verified {
  std::string id = {};
  std::string name = {};
  std::uint64_t bytes = 0;
  std::uint64_t pieces = 0;
  std::vector<std::string> bad = {};  ///< paths of the damaged files
};
BOOST_DESCRIBE_STRUCT(verified, (), (id, name, bytes, pieces, bad))

/// A download that was asked to stop.
struct cancellation {
  std::string id = {};
  std::string name = {};
  bool cancelled = false;  ///< false: `leave` was asked for, another command waits for it, and it goes on
};
BOOST_DESCRIBE_STRUCT(cancellation, (), (id, name, cancelled))

/// What holds a download up, measured in the last ten seconds.
struct why {
  std::string id = {};
  std::string name = {};
  std::string phase = {};  ///< as of `download`
  /// "own_limit", "their_limit", "downlink", "uplinks", "disk", "hashing" or "processor" while something arrives. Else
  /// "no_source", "no_route", "missing_pieces", "choked", "refused", "silent", "awaiting" (answers are due),
  /// "disk_full", "metadata", "checking", "finishing", "complete", "failed" or "cancelled". "unknown" in the first
  /// second.
  std::string cause = {};
  std::string text = {};  ///< the same in words
  double rate = 0;        ///< bytes a second that it reaches
  double possible = 0;    ///< bytes a second that the cause lets through, 0 not measured
  double share = 0;       ///< `rate` as a part of `possible`, 0 to 1
};
BOOST_DESCRIBE_STRUCT(why, (), (id, name, phase, cause, text, rate, possible, share))

/// A source of a dumped download.
struct dumped_source {
  std::string peer = {};
  std::string address = {};
  std::string client = {};
  /// "delivering", "limited", "idle", "choking", "rejecting", "without" or "silent"
  std::string doing = {};
  double rate = 0;
  std::uint64_t bytes = 0;
  std::uint64_t in_flight = 0;  ///< bytes that it was asked for
  std::uint64_t pieces = 0;     ///< that it holds
  std::uint64_t limit = 0;      ///< that holds it up, as it says; 0 none
  double round_trip = 0;
};
BOOST_DESCRIBE_STRUCT(dumped_source, (),
                      (peer, address, client, doing, rate, bytes, in_flight, pieces, limit, round_trip))

/// A piece that a dumped download has begun.
struct dumped_piece {
  std::uint64_t piece = 0;
  std::uint64_t missing = 0;  ///< blocks
  std::uint64_t asked = 0;    ///< of these, asked of some source
  bool one_source = false;    ///< fetched from one source at a time, because a copy of it was wrong
};
BOOST_DESCRIBE_STRUCT(dumped_piece, (), (piece, missing, asked, one_source))

/// A download as a maintainer needs it.
struct dumped_download {
  std::string id = {};
  std::string name = {};  ///< "" unless names were asked for
  std::string phase = {};
  std::string cause = {};  ///< as of `why`
  std::string text = {};   ///< as of `why`; "" unless names were asked for
  std::uint64_t bytes = 0;
  std::uint64_t done = 0;
  double rate = 0;
  double elapsed = 0;
  double silence = 0;  ///< since something came
  std::uint64_t piece_bytes = 0;
  std::uint64_t pieces = 0;
  std::uint64_t pieces_verified = 0;
  std::uint64_t pieces_nobody_has = 0;
  std::uint64_t known_peers = 0;  ///< addresses
  std::uint64_t banned_peers = 0;
  std::string last_dial_error = {};
  std::uint64_t chunks_stolen = 0;
  std::uint64_t chunks_requeued = 0;
  std::uint64_t bytes_duplicate = 0;
  std::uint64_t bytes_failed = 0;
  std::vector<dumped_source> sources = {};
  std::vector<dumped_piece> begun = {};  ///< at most 1,000
};
BOOST_DESCRIBE_STRUCT(dumped_download, (),
                      (id, name, phase, cause, text, bytes, done, rate, elapsed, silence, piece_bytes, pieces,
                       pieces_verified, pieces_nobody_has, known_peers, banned_peers, last_dial_error, chunks_stolen,
                       chunks_requeued, bytes_duplicate, bytes_failed, sources, begun))

/// What a maintainer needs to know of a peer. No keys, no content of files, and names only if they were asked for.
struct dump {
  std::string version = {};
  std::string system = {};  ///< of uname(2)
  std::uint64_t cores = 0;
  double time = 0;    ///< Unix time
  double uptime = 0;  ///< seconds
  std::string peer = {};
  bool closed_swarm = false;  ///< it has a swarm key
  std::vector<tracker> trackers = {};
  std::uint64_t sessions = 0;
  std::uint64_t sessions_max = 0;
  std::uint64_t shares = 0;   ///< complete ones
  std::uint64_t buffers = 0;  ///< receive buffers in use
  std::uint64_t up_limit = 0;
  std::uint64_t down_limit = 0;
  std::uint64_t bytes_uploaded = 0;
  std::uint64_t bytes_downloaded = 0;
  double upload_rate = 0;
  double thread_works = 0;  ///< share of its time in which the network thread works, 0 to 1
  double thread_waits = 0;  ///< share in which it waits for a processor that others have, 0 to 1
  std::vector<dumped_download> downloads = {};
};
BOOST_DESCRIBE_STRUCT(dump, (),
                      (version, system, cores, time, uptime, peer, closed_swarm, trackers, sessions, sessions_max,
                       shares, buffers, up_limit, down_limit, bytes_uploaded, bytes_downloaded, upload_rate,
                       thread_works, thread_waits, downloads))

/// What is no longer shared or downloaded.
struct removal {
  std::string id = {};
  std::string name = {};
};
BOOST_DESCRIBE_STRUCT(removal, (), (id, name))

/// A share as others take it along.
struct torrent_file {
  std::string id = {};
  std::string name = {};
  std::string torrent = {};  ///< the .torrent file, base64
  std::string magnet = {};   ///< the link
};
BOOST_DESCRIBE_STRUCT(torrent_file, (), (id, name, torrent, magnet))

/// What kind of peer answers.
struct alive {
  bool lone = false;  ///< the peer is a command that runs without a peer, and ends with it
};
BOOST_DESCRIBE_STRUCT(alive, (), (lone))

/// An answer that says nothing else.
struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

/// Progress of hashing.
struct progress {
  std::string what = {};  ///< "hash" or "verify"
  std::string path = {};  ///< path that is hashed to be shared; "" otherwise
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  double rate = 0;
};
BOOST_DESCRIBE_STRUCT(progress, (), (what, path, done, total, rate))

/// A tracker that is away, so the listing is not of now; or there is none.
struct away {
  std::string what = "away";
  std::string tracker = {};  ///< "HOST:PORT"; "" if this peer has none
  std::string reason = {};
  std::int64_t as_of = 0;  ///< when the tracker was last heard of, Unix time; 0 if it was never there
};
BOOST_DESCRIBE_STRUCT(away, (), (what, tracker, reason, as_of))

/// What a method tells before its answer.
using notice = std::variant<download, progress, away>;

}  // namespace shoal::rows
