// One entry of a share's file tree (BEP 52, BEP 47). Plain data.
#pragma once

#include <cstdint>
#include <string>

#include "core/ids.hpp"

namespace shoal {

/// One file, symlink or empty directory of a share.
struct file_entry {
  enum class kind : std::uint8_t { regular, symlink, empty_directory };
  std::string path;  ///< elements joined by '/'; for a single-file share its name
  kind type = kind::regular;
  std::uint64_t size = 0;
  digest root{};               ///< `pieces root`; zero for an empty file
  bool executable = false;     ///< BEP 47 attr 'x'
  std::string symlink_target;  ///< BEP 47 `symlink path`, joined by '/', relative to the share's root
};

}  // namespace shoal
