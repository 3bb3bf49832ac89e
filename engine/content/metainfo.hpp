// What a share is: the v2 metainfo of BEP 52, read from and written as .torrent bytes.
//
// Immutable once built; session, transfer and store share it. Everything in it was checked:
// - Paths are relative, valid UTF-8, bounded in depth and length, and free of collisions. They have no "." and "..",
//   NUL, control bytes or separators.
// - Sizes fit, and piece layers match the roots.
//
// Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/file_entry.hpp"
#include "content/geometry.hpp"
#include "content/publication.hpp"
#include "content/relative_path.hpp"
#include "content/way_in.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

namespace bencode {
class value;
}

/// An info dictionary; 20,000 files take about 2 MiB. Bounds what BEP 9 may make us collect.
inline constexpr std::uint32_t info_bytes_max = 128 * MiB;
/// One piece of an info dictionary on the wire (BEP 9).
inline constexpr std::uint32_t metadata_piece_bytes = 16 * KiB;
inline constexpr std::uint32_t files_max = 1'000'000;
/// A .torrent file: the info dictionary and 32 bytes for each of pieces_max pieces.
inline constexpr std::uint32_t torrent_bytes_max = 256 * MiB;

class metainfo {
 public:
  /// Reads .torrent bytes. Hybrid torrents are read as v2. v1-only torrents are refused with an error that says so.
  /// What surrounds the info dictionary may be in any order, and anything may follow it (bencode::skim). Piece layers
  /// that are there must match. If one is missing, has_layers() is false, and peers have it (BEP 52, hash requests).
  static result<std::shared_ptr<const metainfo>> from_torrent(byte_view torrent);
  /// Reads a bare info dictionary (BEP 9). The piece layers of files with more than one piece are still missing: see
  /// with_layers().
  static result<std::shared_ptr<const metainfo>> from_info(byte_view info);
  /// Builds the metainfo of a new share. `files` may be in any order: they are sorted into file-tree order. `layers`
  /// follows that order: layers[i] is the piece layer of files[i], empty for a file of at most one piece. If `folder`
  /// is false and the path of a single file equals `name`, it is a single-file torrent. `attributes`: as for
  /// with_attributes(), or empty.
  static result<std::shared_ptr<const metainfo>> build(std::string name, bool folder, std::uint32_t piece_bytes,
                                                       std::vector<file_entry> files,
                                                       std::vector<std::vector<digest>> layers,
                                                       byte_view attributes = {});
  /// This metainfo with its piece layers, one per file as in `build`; errc::verification if one does not match.
  result<std::shared_ptr<const metainfo>> with_layers(std::vector<std::vector<digest>> layers) const;

  /// This metainfo with the times and modes of its files (file_attributes.hpp). id() does not cover these.
  result<std::shared_ptr<const metainfo>> with_attributes(byte_view list) const;

  const share_id& id() const { return id_; }
  const std::string& name() const { return name_; }
  /// True if the share is a directory called name(), false if it is one file called name(). A torrent of a single file
  /// with another name is a directory, as libtorrent's creator means it.
  bool is_folder() const { return folder_; }
  /// BEP 27: only people and the torrent's own trackers may tell others of it.
  bool is_private() const { return private_; }
  /// In file-tree order. Index i of geometry's files is index i here (symlinks and directories count as empty files).
  const std::vector<file_entry>& files() const { return files_; }
  /// Regular files only: what people mean by "files".
  std::uint32_t regular_file_count() const;
  const geometry& shape() const { return shape_; }
  std::uint64_t total_bytes() const { return shape_.total_bytes(); }

  /// False if any file has several pieces, and with_layers() is still to come after from_info() or from_torrent().
  bool has_layers() const { return has_layers_; }
  /// Piece layer of a file; its root alone if it has one piece. Needs has_layers().
  const std::vector<digest>& layer(file_index file) const;
  /// What the piece must hash to (merkle.hpp piece_root). Needs has_layers().
  const digest& piece_hash(piece_index piece) const;

  /// The list of file attributes in the form of encode_attributes(). Empty if nobody told it.
  byte_view attributes() const { return attributes_; }

  /// The exact info dictionary, whose SHA-256 is id().
  byte_view info() const { return info_; }
  /// The .torrent file, with the ways in that are of our kind, and who signed it. The attributes are under a key of our
  /// own beside the info dictionary. Needs has_layers().
  byte_buffer to_torrent(const way_in& way = {}, const publication& published = {}) const;

 private:
  metainfo() = default;
  /// All but the piece layers. If no file has several pieces, the layers too.
  static result<std::shared_ptr<metainfo>> from_parsed(const bencode::value& info);
  result<void> attach_layers(std::vector<std::vector<digest>> layers);
  result<void> attach_attributes(byte_view list);

  share_id id_;
  std::string name_;
  bool folder_ = false;
  bool has_layers_ = false;
  bool private_ = false;
  std::vector<file_entry> files_;
  std::vector<std::vector<digest>> layers_;
  geometry shape_;
  byte_buffer info_;
  byte_buffer attributes_;
};

using metainfo_ptr = std::shared_ptr<const metainfo>;

}  // namespace shoal
