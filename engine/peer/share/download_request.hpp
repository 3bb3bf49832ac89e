// What a download is told when it begins: what to fetch, where to put it, and what an earlier run had of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "content/publication.hpp"
#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "store/partial_place.hpp"

namespace shoal {

/// What to fetch and where to put it.
struct download_request {
  share_id id;
  std::string name;       ///< for display until the metadata is known
  metainfo_ptr info;      ///< null: fetched from peers; may lack its layers
  std::string directory;  ///< absolute; NAME appears in it
  std::string given_up;   ///< directory of an earlier try of this download; what it had there is deleted
  /// Make the directory if it is missing, because the user named it now. Otherwise its disk may not be mounted yet.
  bool make_directory = false;
  bool symlinks = false;
  bool reuse = true;               ///< take from this disk what this peer's shares hold of it, itself included
  bool update = false;             ///< take the place of an older version that is there
  bool delete_dropped = false;     ///< then the files of the older version that this one does not have go
  bool keep_modes = false;         ///< give files the permission bits that they have at their publisher
  std::vector<std::string> peers;  ///< "HOST:PORT" given by the user, remembered for the next run
  std::vector<std::string> notes;  ///< for the user: which parts of the words are not used
  byte_buffer safe;                ///< from the journal of an earlier run: bitmap::to_bytes, or empty
  byte_buffer pending;
  partial_record partial;  ///< from the journal, too
  publication published{};
  /// The inode of what we downloaded to the final place. If it is still there and damaged, what is missing of it is
  /// fetched. 0: there is no such content.
  std::uint64_t mend_inode = 0;
  /// A larger share fails with errc::limit once its metadata says so, before anything of it is made. 0: none is too
  /// large.
  std::uint64_t bytes_max = 0;
  /// Nobody asked for it: if the record has a download of the share in another directory, that one stays as it is.
  bool only_new = false;
};

}  // namespace shoal
